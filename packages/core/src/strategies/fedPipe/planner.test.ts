import { expect, test } from "vitest";
import { createRandom } from "../../random.ts";
import { activationMemory, allBits, type BackboneCost, baseBytes, baseMemory, type RoundWork, roundTime } from "./costs.ts";
import { bitsFor, type PlanningLimits, planDevice } from "./planner.ts";
import type { ClientMachine } from "./profile.ts";
import { rankShare, rankTable, type ScoredMatrix } from "./rankTable.ts";

const backbone: BackboneCost = { numValues: 1_800_000, numLayerValues: 1_200_000, numLayers: 6, hiddenSize: 128, innerSize: 512 };
const work: RoundWork = { numExamples: 50, localEpochs: 1, numTokens: 32, bytesPerValue: 2 };
const limits: PlanningLimits = { backbone, bits: allBits, batchSizes: [4, 8, 16], roundSeconds: 10, downloadSeconds: 60 };
const laptop: ClientMachine = { flopsPerSecond: 2e9, memoryBytes: 60e6, bytesPerSecond: 1e6, baseForm: "unpacked" };
const matrices: ScoredMatrix[] = ["a", "b", "c"].map((name, j) => ({ name, valuesPerRank: [256, 256, 640][j], score: [0.5, 0.2, 0.3][j] }));
const ranks = [2, 4, 8];
const table = rankTable(matrices, ranks);

test("memory and time of a plan are those counted by hand", () => {
  expect(baseBytes(backbone, 16)).toBe(3_600_000);
  expect(baseBytes(backbone, 8)).toBe(1_800_000 + 28_125 * 2);
  expect(baseBytes(backbone, 4)).toBe(900_000 + 28_125 * 2);
  expect(activationMemory(backbone, 4, 32)).toBe(4 * 4 * 32 * 6 * (1280 + 1024));
  const { fixed, perValue } = roundTime(backbone, laptop, work, 16);
  expect(fixed).toBeCloseTo((4 * 1600 * 1_200_000) / 2e9, 12);
  expect(perValue).toBeCloseTo((6 * 1600 + 24 * 4) / 2e9 + 4 / 1e6, 15);
  const outcome = planDevice(table, laptop, work, limits);
  if (!("plan" in outcome)) throw new Error(outcome.refused);
  expect(outcome.plan).toEqual({
    bits: 16,
    batchSize: 16,
    ranks: [8, 8, 8],
    numValues: 8 * 1152,
    seconds: fixed + perValue * 8 * 1152,
    memoryBytes: 7_200_000 + 4 * 16 * 32 * 6 * 2304 + 16 * 8 * 1152,
    underUse: 1 - (fixed + perValue * 8 * 1152) / 10,
    machine: laptop,
  });
});

test("where the backend unpacks to f32, bits change the download alone; elsewhere fewer bits make room", () => {
  const memory = (form: ClientMachine["baseForm"]) => allBits.map((bits) => baseMemory(backbone, bits, form));
  expect(new Set(memory("unpacked"))).toEqual(new Set([7_200_000]));
  const [f16, int8, int4] = memory("packed");
  expect(f16).toBeGreaterThan(int8);
  expect(int8).toBeGreaterThan(int4);
  const slowLink = { ...laptop, bytesPerSecond: 20_000 }; // 3.6 MB take 180 s, 1.9 MB 93 s, 0.96 MB 48 s
  expect(planDevice(table, slowLink, work, { ...limits, roundSeconds: 100 })).toMatchObject({ plan: { bits: 4 } });
  const tight = 1_856_250 + activationMemory(backbone, 4, 32) + 16 * 512;
  expect(planDevice(table, { ...laptop, memoryBytes: tight, baseForm: "packed" }, work, limits)).toMatchObject({
    plan: { bits: 4, batchSize: 4 },
  });
  expect(planDevice(table, { ...laptop, memoryBytes: tight }, work, limits)).toHaveProperty("refused");
});

/** The largest Σ score of all bits, batch sizes and ranks that keep to memory, download and time. */
function exhaustive(machine: ClientMachine, { roundSeconds, downloadSeconds }: PlanningLimits): number {
  let best = 0;
  for (const bits of allBits) {
    if (baseBytes(backbone, bits) / machine.bytesPerSecond > downloadSeconds) continue;
    for (const batchSize of limits.batchSizes) {
      const { fixed, perValue } = roundTime(backbone, machine, work, batchSize);
      const memory = baseMemory(backbone, bits, machine.baseForm) + activationMemory(backbone, batchSize, work.numTokens);
      for (let code = 0; code < 4 ** matrices.length; code++) {
        const chosen = matrices.map((_, j) => [0, ...ranks][Math.floor(code / 4 ** j) % 4]);
        const numValues = chosen.reduce((sum, rank, j) => sum + rank * matrices[j].valuesPerRank, 0);
        if (fixed + perValue * numValues > roundSeconds || memory + 16 * numValues > machine.memoryBytes) continue;
        best = Math.max(
          best,
          chosen.reduce((sum, rank, j) => sum + matrices[j].score * rankShare(rank), 0),
        );
      }
    }
  }
  return best;
}

test("for any machine the plan is as good as the best of an exhaustive search over bits, batches and ranks, and keeps its limits", () => {
  const draw = createRandom(5).stream({ purpose: "machines" });
  const found = { refused: 0, partial: 0, full: 0 };
  for (let round = 0; round < 300; round++) {
    const baseForm = draw.uniform() < 0.5 ? "packed" : "unpacked";
    const batches = activationMemory(backbone, [2, 4, 8, 16][draw.integer(4)], work.numTokens);
    const machine: ClientMachine = {
      flopsPerSecond: 10 ** (8.8 + 0.7 * draw.uniform()),
      memoryBytes: baseMemory(backbone, allBits[draw.integer(3)], baseForm) + batches + draw.integer(200_000),
      bytesPerSecond: 10 ** (3.5 + 2 * draw.uniform()),
      baseForm,
    };
    const own = { ...limits, roundSeconds: 4 + 4 * draw.uniform() };
    const outcome = planDevice(table, machine, work, own);
    const score = "plan" in outcome ? outcome.plan.ranks.reduce((sum, rank, j) => sum + matrices[j].score * rankShare(rank), 0) : 0;
    expect(score).toBeCloseTo(exhaustive(machine, own), 12);
    if (!("plan" in outcome)) {
      found.refused += 1;
      continue;
    }
    expect(outcome.plan.seconds).toBeLessThanOrEqual(own.roundSeconds + 1e-9);
    expect(outcome.plan.memoryBytes).toBeLessThanOrEqual(machine.memoryBytes);
    expect(outcome.plan.underUse).toBeCloseTo(1 - outcome.plan.seconds / own.roundSeconds, 12);
    found[outcome.plan.ranks.every((rank) => rank === 8) ? "full" : "partial"] += 1;
  }
  for (const count of Object.values(found)) expect(count).toBeGreaterThan(10);
});

test("a profile that no plan fits is refused with a sentence that says what is short and what to do", () => {
  const refusal = (change: Partial<ClientMachine>) => {
    const outcome = planDevice(table, { ...laptop, ...change }, work, limits);
    return "refused" in outcome ? outcome.refused : "";
  };
  expect(refusal({ memoryBytes: 8e6 })).toBe(
    "the smallest plan (4 bits, one matrix) needs 14.3 MB of memory, and this machine has 8.00 MB for it: close other tabs, use a machine with more, or give the run a smaller backbone",
  );
  expect(refusal({ flopsPerSecond: 5e8 })).toMatch(
    /^the smallest plan takes 15 s a round on this machine \(50 examples at 0\.500 Gflop\/s\), but a round may take 10 s: give the device fewer examples, or raise roundSeconds$/,
  );
  expect(refusal({ bytesPerSecond: 2000 })).toMatch(
    /^the smallest backbone \(4 bits, 9\d\d kB\) takes .* to download at 2\.0+ kB\/s, but it may take .*: raise downloadSeconds/,
  );
});

test("on joining, a client gets the most bits whose smallest plan fits, or the reason why none does", () => {
  const bits = (change: Partial<ClientMachine>) => bitsFor(512, { ...laptop, baseForm: "packed", ...change }, work, limits);
  const rest = activationMemory(backbone, 4, 32) + 16 * 512;
  expect(bits({ memoryBytes: 3_600_000 + rest })).toBe(16);
  expect(bits({ memoryBytes: 3_600_000 + rest - 1 })).toBe(8);
  expect(bits({ memoryBytes: 1_856_250 + rest - 1 })).toBe(4);
  expect(bits({ memoryBytes: 956_250 + rest - 1 })).toHaveProperty("refused");
});
