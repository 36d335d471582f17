import { createRandom, type Params } from "@tutti/core";
import type { Trainer, TrainerTask } from "@tutti/model";
import { expect, test } from "vitest";
import { noisyParams } from "./noisyParams.ts";
import { noisyTrainer } from "./noisyTrainer.ts";

const stream = (seed = 3) => createRandom(seed).stream({ purpose: "test" });
const tensor = (values: readonly number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
/** 6,000 values of ±0.5 in two tensors: their root mean square is 0.5. */
const sent: Params = {
  b: tensor(Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? 0.5 : -0.5))),
  a: tensor(Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? -0.5 : 0.5))),
};
const noiseOf = (noisy: Params) =>
  ["a", "b"].flatMap((name) => [...(noisy[name]?.data ?? [])].map((value, i) => value - (sent[name]?.data[i] ?? 0)));
const rms = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

test("Gaussian noise has the level's strength beside what travels, on every value", () => {
  const noise = noiseOf(noisyParams(sent, { kind: "gaussian", level: 0.4 }, stream()));
  expect(rms(noise)).toBeCloseTo(0.2, 2); // within three standard errors, 0.2 / √(2 · 6000) · 3 = 0.005
  expect(noise.filter((value) => value === 0)).toEqual([]);
  expect(Math.abs(noise.reduce((sum, value) => sum + value, 0) / noise.length)).toBeLessThan(0.01);
});

test("a burst hits a run of values with the same power in all, and leaves the others as they are", () => {
  const plan = { kind: "burst", level: 0.4, burstFraction: 0.1 } as const;
  for (const seed of [1, 2, 3, 4]) {
    const noise = noiseOf(noisyParams(sent, plan, stream(seed)));
    const isHit = noise.map((value) => value !== 0);
    expect(isHit.filter(Boolean)).toHaveLength(600);
    const edges = isHit.filter((hit, i) => hit !== isHit[(i + 1) % isHit.length]);
    expect(edges).toHaveLength(2); // one run, which may go on at the first value
    expect(rms(noise)).toBeGreaterThan(0.18);
    expect(rms(noise)).toBeLessThan(0.22); // 0.2 with a standard error of 0.2 / √(2 · 600)
  }
  expect(noisyParams({}, plan, stream())).toEqual({});
});

function trainer() {
  const seen: TrainerTask[] = [];
  const inner = {
    async compute(task) {
      seen.push(task);
      const body = { kind: "train", delta: sent, numSteps: 3, firstLoss: 1, lastLoss: 0.5 } as const;
      return { body: task.spec.kind === "train" ? body : { kind: "score", layerScores: [2, 3] }, state: null };
    },
  } as Pick<Trainer, "compute"> as Trainer;
  return { inner, seen };
}

const task = (more: Partial<TrainerTask> = {}): TrainerTask => ({
  deviceId: 2,
  stage: "train",
  round: 4,
  attempt: 1,
  spec: { kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: false },
  parameterSets: { global: sent, correction: sent },
  expects: { shapes: {}, encoding: "f16", batchSize: 8, numExamples: 10 },
  ...more,
});

/** The noise of both sets on the way down, and of the difference on the way up. */
async function met(more: Partial<TrainerTask> = {}, seed = 7) {
  const { inner, seen } = trainer();
  const { body } = await noisyTrainer(inner, { plan: { kind: "gaussian", level: 1 }, seed }).compute(task(more), null);
  const up = body.kind === "train" ? noiseOf(body.delta) : [];
  return [...["global", "correction"].map((name) => noiseOf(seen[0]?.parameterSets[name] ?? {})), up];
}

test("both ways of a training task have noise of their own, the same for the same seed, and every round, device and run has others", async () => {
  const first = await met();
  expect(first.map((noise) => rms(noise).toFixed(1))).toEqual(["0.5", "0.5", "0.5"]);
  expect(await met()).toEqual(first);
  const others = [await met({ round: 5 }), await met({ deviceId: 3 }), await met({ attempt: 2 }), await met({}, 8)];
  const heads = [first, ...others].flatMap((ways) => ways.map((noise) => noise[0]));
  expect(new Set(heads).size).toBe(15);
});

test("what is no training task arrives as it was sent, and sent parameters are not changed", async () => {
  const before = structuredClone(sent);
  const { inner, seen } = trainer();
  const score = task({ spec: { kind: "evaluate", protocols: ["global"], splits: ["test"] } });
  const { body } = await noisyTrainer(inner, { plan: { kind: "gaussian", level: 1 }, seed: 7 }).compute(score, null);
  expect([seen[0], body]).toEqual([score, { kind: "score", layerScores: [2, 3] }]);
  await met();
  expect(sent).toEqual(before);
});
