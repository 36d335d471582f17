import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { factorsOf, loraRun, loraShape } from "../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf } from "../testing/run.ts";
import { ffaLora } from "./ffaLora.ts";

const numExamples = [1, 3];
const run = { ...loraRun(), strategy: ffaLora.defaults };
const initial = factorsOf({ b: [[0], [0], [0]], a: [[2, -4]] }, [0.5]);
const random = createRandom(1);

/** What device 0 and device 1 send. */
const sent = [factorsOf({ b: [[1], [0.5], [-2]], a: [[9, 9]] }, [1]), factorsOf({ b: [[3], [-0.5], [2]], a: [[9, 9]] }, [-1])].map(
  ({ "lora/0/query/a": _, ...travels }) => travels,
);

test("a round: A goes out to be used and stays, and B is the mean weighted by examples", () => {
  const state = ffaLora.init(run, loraShape, initial);
  const plan = planOf(ffaLora, state, rosterOf(numExamples), random, 1);
  expect(plan.tasks[0].parameterSets).toEqual({ global: 0, frozen: 1 });
  expect(plan.payloads.map(valuesOf)).toEqual([{ "lora/0/query/b": [0, 0, 0], "head/bias": [0.5] }, { "lora/0/query/a": [2, -4] }]);
  expect(plan.tasks[0].expects.shapes).toEqual({ "lora/0/query/b": [3, 1], "head/bias": [1] });
  expect(plan.tasks[0].spec).toMatchObject({ isPersonalised: false });
  const next = ffaLora.aggregate(
    state,
    plan,
    sent.map((delta, device) => trained(device, numExamples[device], 2, delta)),
  );
  // 0.25 · (1, 0.5, −2) + 0.75 · (3, −0.5, 2), and 0.5 + 0.25 · 1 − 0.75 · 1
  expect(valuesOf(ffaLora.globalParams(next))).toEqual({
    "lora/0/query/a": [2, -4],
    "lora/0/query/b": [2.5, -0.25, 1],
    "head/bias": [0],
  });
  expect(next.tensors["W/lora/0/query/a"]).toBe(state.tensors["W/lora/0/query/a"]);
  // B A of the mean is the mean of B_i A: row 0 is 0.25 · (2, −4) + 0.75 · (6, −12)
  const [b, a] = [next.tensors["W/lora/0/query/b"].data, next.tensors["W/lora/0/query/a"].data];
  expect([b[0] * a[0], b[0] * a[1]]).toEqual([5, -10]);
});

test("everybody evaluates with the same model, of which A is the same bytes in every step", () => {
  let state = ffaLora.init({ ...run, evaluateEvery: 1 }, loraShape, initial);
  const plan = planOf(ffaLora, state, rosterOf(numExamples), random, 1);
  state = ffaLora.aggregate(
    state,
    plan,
    sent.map((delta, device) => trained(device, numExamples[device], 2, delta)),
  );
  const evaluating = planOf(ffaLora, state, rosterOf(numExamples), random, 1);
  expect(evaluating.tasks[0].spec).toMatchObject({ kind: "evaluate", protocols: ["global", "zeroShot"] });
  expect(evaluating.tasks[0].parameterSets).toEqual({ global: 0, frozen: 1 });
  expect(evaluating.payloads[1]).toEqual(plan.payloads[1]);
  expect(valuesOf({ ...evaluating.payloads[0], ...evaluating.payloads[1] })).toEqual(valuesOf(ffaLora.globalParams(state)));
  expect(ffaLora.summary(state).sharedNames).toEqual(["lora/0/query/b", "head/bias"]);
});

test("it refuses a run that tunes something else", () => {
  const other = { ...run, tuning: { ...run.tuning, method: "prefix", promptTokens: 2 } } as unknown as typeof run;
  expect(() => ffaLora.init(other, loraShape, initial)).toThrow(
    "strategy ffaLora: tuning.method: ffaLora trains LoRA's factors: set tuning.method to lora",
  );
});
