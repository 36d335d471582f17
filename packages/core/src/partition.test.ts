import fc from "fast-check";
import { expect, test } from "vitest";
import { type DealtShares, dealShares, dealSkewed, type PartitionInput } from "./partition.ts";
import { createRandom } from "./random.ts";
import type { PartitionSettings } from "./settings/runConditions.ts";

/** Labels in blocks, as files often are; class sizes differ. */
function split(counts: readonly number[]): PartitionInput {
  return { labels: counts.flatMap((count, label) => Array.from({ length: count }, () => label)), numClasses: counts.length };
}

function deal(
  partition: PartitionSettings,
  seed = 42,
  train = split([130, 90, 60]),
  numDevices = 10,
  test = split([40, 30, 21]),
): DealtShares {
  return dealShares({ train, test, numValidation: 33, numDevices, partition, random: createRandom(seed) });
}

function everyRowOnce(parts: readonly (readonly number[])[], numRows: number): void {
  expect(parts.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: numRows }, (_, row) => row));
}

const kinds: PartitionSettings[] = [
  { kind: "iid" },
  { kind: "dirichletQuantity", dirichletAlpha: 2 },
  { kind: "dirichletLabel", dirichletAlpha: 1 },
  { kind: "dirichletLabel", dirichletAlpha: 0.01 },
];

test.each(kinds)("$kind $dirichletAlpha: every row goes to exactly one device and no device is left without", (partition) => {
  const settings = fc.record({
    seed: fc.integer(),
    train: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 5 }).filter((counts) => counts.reduce((a, b) => a + b) > 0),
    numDevices: fc.integer({ min: 1, max: 30 }),
    numTest: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(
    fc.property(settings, ({ seed, train, numDevices, numTest }) => {
      const numTrain = train.reduce((a, b) => a + b);
      fc.pre(numDevices <= numTrain);
      const { shares } = deal(partition, seed, split(train), numDevices, split([numTest, 3, ...train.slice(2).map(() => 1)]));
      everyRowOnce(
        shares.map(({ train: rows }) => rows),
        numTrain,
      );
      everyRowOnce(
        shares.map(({ personalised }) => personalised),
        numTest + train.length + 1,
      );
      everyRowOnce(
        shares.map(({ globalTest }) => globalTest),
        numTest + train.length + 1,
      );
      everyRowOnce(
        shares.map(({ globalValidation }) => globalValidation),
        33,
      );
      for (const { train: rows } of shares) expect(rows.length).toBeGreaterThan(0);
    }),
    { numRuns: 40 },
  );
});

test.each(kinds)("$kind $dirichletAlpha: the same seed deals the same, another seed differently", (partition) => {
  expect(deal(partition, 1)).toEqual(deal(partition, 1));
  expect(deal(partition, 1)).not.toEqual(deal(partition, 2));
});

/** Mean over devices of the largest class share. */
function skew(train: PartitionInput, { shares }: DealtShares): number {
  const largest = shares.map(({ train: rows }) => {
    const counts = Array.from({ length: train.numClasses }, (_, label) => rows.filter((row) => train.labels[row] === label).length);
    return Math.max(...counts) / rows.length;
  });
  return largest.reduce((a, b) => a + b, 0) / largest.length;
}

test("a small alpha skews the classes, a large one keeps their shares", () => {
  const train = split([500, 500, 500, 500]);
  const skews = [0.05, 1, 100].map((dirichletAlpha) =>
    skew(train, deal({ kind: "dirichletLabel", dirichletAlpha }, 3, train, 10, split([9, 9, 9, 9]))),
  );
  expect(skews[0]).toBeGreaterThan(0.6); // not near 1: ten devices want four classes, and the wanted ones run out
  expect(skews[1]).toBeGreaterThan(0.4);
  expect(skews[1]).toBeLessThan(0.6);
  expect(skews[2]).toBeLessThan(0.35);
  expect(skew(train, deal({ kind: "iid" }, 3, train, 10, split([9, 9, 9, 9])))).toBeLessThan(0.35);
});

test("a device's evaluation shard has its size share and class prior", () => {
  const train = split([800, 800]);
  const { shares } = deal({ kind: "dirichletLabel", dirichletAlpha: 0.3 }, 5, train, 8, split([800, 800]));
  for (const { train: rows, personalised } of shares) {
    expect(Math.abs(rows.length - personalised.length)).toBeLessThanOrEqual(8); // both round(q · 1600), the last takes what is left
    const share = (of: readonly number[]) => of.filter((row) => train.labels[row] === 1).length / of.length;
    // sampling error of two shares of about 200 rows, and classes that run out near the end
    expect(Math.abs(share(rows) - share(personalised))).toBeLessThan(0.25);
  }
});

test("the personalised shards share the training priors: an independent prior would not agree so well", () => {
  const train = split([800, 800]);
  const shareOfOne = (rows: readonly number[]) => rows.filter((row) => train.labels[row] === 1).length / rows.length;
  const { shares } = deal({ kind: "dirichletLabel", dirichletAlpha: 0.3 }, 5, train, 8, split([800, 800]));
  const gap = (shift: number) =>
    shares.reduce((sum, { train: rows }, i) => sum + Math.abs(shareOfOne(rows) - shareOfOne(shares[(i + shift) % 8].personalised)), 0) / 8;
  expect(gap(0)).toBeLessThan(0.1);
  expect(gap(1)).toBeGreaterThan(0.25);
});

test("sizes vary around n/N under dirichletLabel and much more under a small alpha of dirichletQuantity", () => {
  const train = split([1000, 1000]);
  const sizes = (partition: PartitionSettings) =>
    deal(partition, 7, train, 10, split([10, 10])).shares.map(({ train: rows }) => rows.length);
  const label = sizes({ kind: "dirichletLabel", dirichletAlpha: 1 });
  expect(Math.max(...label)).toBeGreaterThan(240);
  expect(Math.max(...label)).toBeLessThan(600);
  expect(Math.max(...sizes({ kind: "dirichletQuantity", dirichletAlpha: 0.2 }))).toBeGreaterThan(600);
  expect(Math.max(...sizes({ kind: "iid" }))).toBe(200);
});

test("under dirichletLabel the sizes spread as Dirichlet(5, …, 5) does, whatever alpha is", () => {
  const train = split([1000, 1000]);
  const sizes = Array.from({ length: 40 }, (_, seed) =>
    deal({ kind: "dirichletLabel", dirichletAlpha: 0.5 }, seed, train, 10, split([10, 10])).shares.map(({ train: rows }) => rows.length),
  ).flat();
  const stdDev = Math.sqrt(sizes.reduce((sum, size) => sum + (size - 200) ** 2, 0) / sizes.length);
  // n √(1/N (1 − 1/N) / (5N + 1)) = 2000 √(.09 / 51) = 84; with a concentration of 4 or 6 it is 94 or 77, the error of 400 sizes about 3
  expect(Math.abs(stdDev - 84)).toBeLessThan(6);
});

test("global slices are even, at random and the same for every kind of partition", () => {
  const { shares } = deal({ kind: "iid" });
  expect(new Set(shares.map(({ globalTest }) => globalTest.length))).toEqual(new Set([9, 10]));
  expect(new Set(shares.map(({ globalValidation }) => globalValidation.length))).toEqual(new Set([3, 4]));
  const other = deal({ kind: "dirichletLabel", dirichletAlpha: 0.1 });
  expect(other.shares.map(({ globalTest }) => globalTest)).toEqual(shares.map(({ globalTest }) => globalTest));
  expect(shares[0].globalTest).not.toEqual([...shares[0].globalTest].sort((a, b) => a - b));
});

test("as many devices as examples get one each, and a note says that the draw was helped", () => {
  const { shares, notes } = deal({ kind: "dirichletLabel", dirichletAlpha: 1 }, 1, split([30, 20, 10]), 60);
  expect(shares.map(({ train }) => train.length)).toEqual(Array.from({ length: 60 }, () => 1));
  expect(notes).toEqual([expect.stringContaining("60 shares of 60 examples")]);
});

test("too few examples, no devices and labels outside the classes are refused", () => {
  expect(() => deal({ kind: "iid" }, 1, split([5, 4]), 20)).toThrow(
    "20 devices cannot share 9 training examples; set numDevices to 9 or less",
  );
  expect(() => deal({ kind: "iid" }, 1, split([5, 4]), 0)).toThrow("at least one device, received 0");
  expect(() => deal({ kind: "iid" }, 1, { labels: [0, 1, 2], numClasses: 2 }, 2)).toThrow("training row 2 has label 2, expected 0 to 1");
});

test("byField keeps every owner's rows together, in both splits", () => {
  const owners = ["ann", "bob", "cy", "dee", "eve"];
  const owned = (rows: readonly number[]): PartitionInput => ({
    labels: rows.map(() => 0),
    numClasses: 1,
    owners: rows.map((owner) => owners[owner]),
  });
  const train = owned([0, 0, 0, 1, 1, 2, 3, 3, 3, 3]);
  const test = owned([1, 0, 4, 3, 1, 4]); // eve has test rows only
  const { shares, notes } = deal({ kind: "byField" }, 4, train, 3, test);
  everyRowOnce(
    shares.map(({ train: rows }) => rows),
    10,
  );
  everyRowOnce(
    shares.map(({ personalised }) => personalised),
    6,
  );
  for (const owner of owners) {
    const hosts = (of: PartitionInput, rows: readonly number[]) => rows.some((row) => of.owners?.[row] === owner);
    const trainHosts = shares.flatMap(({ train: rows }, device) => (hosts(train, rows) ? [device] : []));
    const testHosts = shares.flatMap(({ personalised }, device) => (hosts(test, personalised) ? [device] : []));
    expect(trainHosts.length).toBe(owner === "eve" ? 0 : 1);
    if (owner !== "eve" && testHosts.length > 0) expect(testHosts).toEqual(trainHosts);
    expect(testHosts.length).toBeLessThanOrEqual(1);
  }
  expect(notes).toEqual([expect.stringContaining("1 owner has only test rows")]);
  expect(() => deal({ kind: "byField" }, 4, train, 5, test)).toThrow("have 4 owners for 5 devices");
  expect(() => deal({ kind: "byField" }, 4, split([9, 9]), 3)).toThrow("needs the owner of each of the 18 training rows, received 0");
});

test("dealt again for a lesson, every row goes to one share, sizes stay, and a lower α leaves each share fewer classes", () => {
  const train = split([130, 90, 60]);
  const { shares } = deal({ kind: "iid" }, 7, train);
  const sizes = shares.map((share) => share.train.length);
  const again = (dirichletAlpha: number) => dealSkewed({ train, sizes, dirichletAlpha, random: createRandom(7) });
  const topShare = (rows: readonly number[]) =>
    Math.max(...[0, 1, 2].map((label) => rows.filter((row) => train.labels[row] === label).length)) / rows.length;
  const lopsided = (parts: readonly (readonly number[])[]) => parts.reduce((sum, rows) => sum + topShare(rows), 0) / parts.length;
  everyRowOnce(again(0.05), 280);
  expect(again(0.05).map(({ length }) => length)).toEqual(sizes);
  expect(again(0.05)).toEqual(again(0.05));
  expect(lopsided(again(0.05))).toBeGreaterThan(0.75);
  expect(lopsided(again(1000))).toBeLessThan(0.6);
});
