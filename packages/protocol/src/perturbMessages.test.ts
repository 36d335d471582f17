import { expect, test } from "vitest";
import { limits } from "./limits.ts";
import { calls } from "./messages.ts";
import { taskSpecSchema } from "./tasks.ts";

const pool = { numSeeds: 4096, gridBits: 20, version: 3, changedFrom: null, digest: "0123456789abcdef" };
const spec = { kind: "perturb", pool, places: [0, 4095, 7], perturbation: 0.001, learningRate: 0, maxScalar: 1000 };
const evaluation = { kind: "evaluate", protocols: ["global"], splits: ["test"] };
const header = { kind: "perturb", numSkipped: 1, firstLoss: 1.5, lastLoss: 0 };
const isSpec = (sent: object) => taskSpecSchema.safeParse(sent).success;
const isSubmitted = (sent: object, tensors?: Uint8Array) =>
  calls.submit.request.safeParse({ taskId: "0".repeat(32), deviceId: 3, header: sent, ...(tensors === undefined ? {} : { tensors }) })
    .success;

test("a perturbation task says which seeds a device tries and how, within bounds (P-220)", () => {
  expect(isSpec(spec)).toBe(true);
  for (const bad of [
    { places: [] },
    { places: [-1] },
    { places: [0.5] },
    { places: [limits.maxSeeds] },
    { places: new Array<number>(limits.maxSeedSteps + 1).fill(0) },
    { perturbation: 0 },
    { perturbation: Number.NaN },
    { learningRate: -1 },
    { maxScalar: 0 },
    { seed: 1 },
  ])
    expect(isSpec({ ...spec, ...bad }), JSON.stringify(bad).slice(0, 80)).toBe(false);
});

test("a pool stands in perturbation tasks, and in evaluations where they have one, within bounds (P-221)", () => {
  for (const good of [{}, { changedFrom: 0 }, { gridBits: 30 }, { version: 0 }])
    expect(isSpec({ ...spec, pool: { ...pool, ...good } })).toBe(true);
  expect([isSpec(evaluation), isSpec({ ...evaluation, pool })]).toEqual([true, true]);
  for (const bad of [
    { numSeeds: 0 },
    { numSeeds: limits.maxSeeds + 1 },
    { gridBits: 31 },
    { version: -1 },
    { changedFrom: -1 },
    { digest: "0" },
  ]) {
    expect(isSpec({ ...spec, pool: { ...pool, ...bad } }), JSON.stringify(bad)).toBe(false);
    expect(isSpec({ ...evaluation, pool: { ...pool, ...bad } }), JSON.stringify(bad)).toBe(false);
  }
});

test("a perturbation contribution carries its scalars, and its header is numbers within bounds (P-222)", () => {
  expect(isSubmitted(header, Uint8Array.of(1, 2))).toBe(true);
  expect(isSubmitted(header)).toBe(false);
  for (const bad of [{ numSkipped: -1 }, { numSkipped: 0.5 }, { firstLoss: null }, { lastLoss: Number.NaN }, { places: [1] }])
    expect(isSubmitted({ ...header, ...bad }, Uint8Array.of(1)), JSON.stringify(bad)).toBe(false);
});
