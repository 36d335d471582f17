import { expect, test } from "vitest";
import { limits } from "./limits.ts";
import { calls } from "./messages.ts";
import { taskSpecSchema } from "./tasks.ts";

const spec = {
  kind: "search",
  populationSize: 5,
  numIterations: 8,
  covariance: "full",
  initialStepSize: 1,
  stepSize: 0.5,
  stepSizeRule: "published",
  corruptFraction: 0.5,
  maxExamples: 64,
  beginsAtZero: true,
  toldFrom: null,
  digest: "0123456789abcdef",
};
const header = { kind: "search", fitness: 0.75, stepSize: 0.5 };
const isSubmitted = (sent: object, tensors?: Uint8Array) =>
  calls.submit.request.safeParse({ taskId: "0".repeat(32), deviceId: 3, header: sent, ...(tensors === undefined ? {} : { tensors }) })
    .success;

test("a search task says everything that a device searches by, within bounds (P-210)", () => {
  for (const good of [{}, { toldFrom: 7 }, { covariance: "diagonal" }, { corruptFraction: 0 }, { stepSizeRule: "program" }])
    expect(taskSpecSchema.safeParse({ ...spec, ...good }).success, JSON.stringify(good)).toBe(true);
  for (const bad of [
    { populationSize: 1 },
    { populationSize: limits.maxPopulation + 1 },
    { numIterations: 0 },
    { numIterations: limits.maxSearchIterations + 1 },
    { covariance: "half" },
    { stepSize: 0 },
    { stepSize: Number.NaN },
    { initialStepSize: -1 },
    { stepSizeRule: "ours" },
    { corruptFraction: 1.5 },
    { maxExamples: 0 },
    { beginsAtZero: 1 },
    { toldFrom: 0 },
    { digest: "0123" },
    { digest: "0123456789ABCDEF" },
    { more: 1 },
  ])
    expect(taskSpecSchema.safeParse({ ...spec, ...bad }).success, JSON.stringify(bad)).toBe(false);
});

test("a search's contribution carries its move, and its claims are numbers within bounds (P-211)", () => {
  expect(isSubmitted(header, Uint8Array.of(1, 2))).toBe(true);
  expect(isSubmitted({ ...header, fitness: 0 }, Uint8Array.of(1))).toBe(true);
  expect(isSubmitted(header)).toBe(false);
  for (const bad of [
    { fitness: -0.5 },
    { fitness: null },
    { fitness: Number.POSITIVE_INFINITY },
    { fitness: 2e30 },
    { stepSize: 0 },
    { stepSize: -1 },
    { stepSize: "1" },
    { points: [] },
  ])
    expect(isSubmitted({ ...header, ...bad }, Uint8Array.of(1)), JSON.stringify(bad)).toBe(false);
});
