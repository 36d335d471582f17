import { readFile } from "node:fs/promises";
import { fedAvg, fedPt, type PartitionSettings, publicRows } from "@tutti/core";
import { expect, test } from "vitest";
import { loadDataset } from "./dataset.ts";
import { dealDataset, dealDatasetSkewed, requireDealable } from "./dealing.ts";
import { requireTextTask } from "./task.ts";
import { findTask } from "./tasks.ts";

const replies = requireTextTask(findTask("replies"), "this test");
const read = (file: string) => readFile(new URL(`../../../public/datasets/replies/${file}`, import.meta.url), "utf8");
const dealt = async (partition: PartitionSettings, seed = 5) => {
  const dataset = await loadDataset(replies, read);
  const { shares } = dealDataset(replies, dataset, { numDevices: 12, partition, seed });
  return { train: dataset.train, test: dataset.test, shares };
};

/** Mean over devices of the share of its most frequent topic. */
function lopsidedness({ train, shares }: Awaited<ReturnType<typeof dealt>>): number {
  const tops = shares.map(({ train: rows }) => {
    const counts = [0, 1, 2, 3].map((group) => rows.filter((row) => train[row]?.group === group).length);
    return Math.max(...counts) / rows.length;
  });
  return tops.reduce((a, b) => a + b, 0) / tops.length;
}

test("replies are dealt by topic as a Dirichlet draw says, every row to one device, the same for the same seed", async () => {
  const narrow = await dealt({ kind: "dirichletLabel", dirichletAlpha: 0.1 });
  expect(narrow.shares.flatMap(({ train }) => train).sort((a, b) => a - b)).toEqual(narrow.train.map((_, row) => row));
  expect(narrow.shares.flatMap(({ personalised }) => personalised).sort((a, b) => a - b)).toEqual(narrow.test.map((_, row) => row));
  expect(lopsidedness(narrow)).toBeGreaterThan(0.65); // a quarter of the rows are of each topic
  expect(lopsidedness(await dealt({ kind: "dirichletLabel", dirichletAlpha: 100 }))).toBeLessThan(0.4);
  expect((await dealt({ kind: "dirichletLabel", dirichletAlpha: 0.1 })).shares).toEqual(narrow.shares);
  expect((await dealt({ kind: "dirichletLabel", dirichletAlpha: 0.1 }, 6)).shares).not.toEqual(narrow.shares);
});

test("by owner, each owner's rows of training and test part go to one device", async () => {
  const { train, test: held, shares } = await dealt({ kind: "byField" });
  const deviceOf = new Map<string, number>();
  for (const [device, share] of shares.entries()) {
    const owners = [...share.train.map((row) => train[row]), ...share.personalised.map((row) => held[row])].map((row) => row?.owner ?? "");
    for (const owner of owners) {
      expect(deviceOf.get(owner) ?? device).toBe(device);
      deviceOf.set(owner, device);
    }
  }
  expect(deviceOf.size).toBe(new Set(train.map(({ owner }) => owner)).size);
});

test("a text task without labels or owners says what it can be dealt by, and how to name the column", () => {
  if (replies.kind !== "reply") throw new Error("this test needs the task replies");
  const plain = { ...replies, fields: { ...replies.fields, group: null, owner: null }, groups: [] };
  expect(() => requireDealable(plain, { kind: "dirichletLabel", dirichletAlpha: 1 })).toThrow(
    'replies cannot be dealt out by label (partition.kind is "dirichletLabel"): its rows have no label; choose "byField"',
  );
  expect(() => requireDealable(plain, { kind: "byField" })).toThrow(
    '(partition.kind is "byField"): its rows have none; choose another kind',
  );
  expect(() => requireDealable(plain, { kind: "iid" })).not.toThrow();
  expect(() => requireDealable(findTask("sst2"), { kind: "dirichletLabel", dirichletAlpha: 1 })).not.toThrow();
});

test("rows that the run's server reads are in no share, and all others in one each", async () => {
  const dataset = await loadDataset(replies, read);
  const strategy = { ...fedPt.defaults, distillFraction: 0.1 };
  const run = { numDevices: 12, partition: { kind: "iid" }, seed: 5 } as const;
  const { shares } = dealDataset(replies, dataset, { ...run, strategy });
  const shared = shares.flatMap(({ train }) => train).sort((a, b) => a - b);
  const open = publicRows({ seed: 5, strategy }, dataset.train.length);
  expect(open).toHaveLength(106); // of 1,056
  expect([...shared, ...open].sort((a, b) => a - b)).toEqual(dataset.train.map((_, row) => row));
  const without = dealDataset(replies, dataset, { ...run, strategy: fedAvg.defaults });
  expect(without).toEqual(dealDataset(replies, dataset, run));
});

test("P-178 for a lesson the rows that devices hold, and no public ones, are dealt again by topic in the same sizes", async () => {
  const dataset = await loadDataset(replies, read);
  const strategy = { ...fedPt.defaults, distillFraction: 0.2 };
  const run = { numDevices: 12, partition: { kind: "iid" }, seed: 5, strategy } as const;
  const { shares } = dealDataset(replies, dataset, run);
  const skewed = dealDatasetSkewed(replies, dataset, { shares, dirichletAlpha: 0.1, seed: 5 });
  expect(skewed.map(({ length }) => length)).toEqual(shares.map(({ train }) => train.length));
  const sorted = (parts: readonly (readonly number[])[]) => parts.flat().sort((a, b) => a - b);
  expect(sorted(skewed)).toEqual(sorted(shares.map(({ train }) => train)));
  const asShares = skewed.map((train, at) => ({ ...shares[at], train })) as typeof shares;
  expect(lopsidedness({ train: dataset.train, test: dataset.test, shares: asShares })).toBeGreaterThan(0.6);
  expect(lopsidedness({ train: dataset.train, test: dataset.test, shares })).toBeLessThan(0.45);
});
