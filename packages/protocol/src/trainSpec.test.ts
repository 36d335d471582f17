import { expect, test } from "vitest";
import { taskSpecSchema } from "./tasks.ts";

const spec = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: true, hasOwnRanks: true } as const;

test("a train task may ask that last components fade, within bounds (P-36)", () => {
  const fading = { ...spec, fades: { pruneTo: 0.5, penalty: 0.25 } };
  expect(taskSpecSchema.parse(fading)).toEqual(fading);
  expect(taskSpecSchema.parse(spec)).toEqual(spec);
  for (const fades of [
    { pruneTo: 1.5, penalty: 0 },
    { pruneTo: 0.5, penalty: -1 },
    { pruneTo: 0.5 },
    { pruneTo: 0.5, penalty: 1, more: 1 },
  ])
    expect(taskSpecSchema.safeParse({ ...spec, fades }).success, JSON.stringify(fades)).toBe(false);
});

test("a train task may ask for slopes along seeded directions, within bounds (P-251)", () => {
  const forward = { seed: 2 ** 32 - 1, numDirections: 64, perturbation: 0.01, maxExamples: 32 };
  expect(taskSpecSchema.parse({ ...spec, forward })).toEqual({ ...spec, forward });
  for (const wrong of [
    { seed: 2 ** 32 },
    { seed: -1 },
    { numDirections: 0 },
    { numDirections: 16_385 },
    { perturbation: 0 },
    { maxExamples: 0 },
    { more: 1 },
  ])
    expect(taskSpecSchema.safeParse({ ...spec, forward: { ...forward, ...wrong } }).success, JSON.stringify(wrong)).toBe(false);
});
