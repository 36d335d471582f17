import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { factorsOf, loraRun, loraShape } from "../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf } from "../testing/run.ts";
import { fedSaLora } from "./fedSaLora.ts";

const numExamples = [1, 3];
const run = { ...loraRun({ evaluateEvery: 1 }), strategy: fedSaLora.defaults };
const initial = factorsOf({ b: [[0], [0], [0]], a: [[2, -4]] }, [0.5]);
const random = createRandom(1);

test("a round: A is the mean weighted by examples, and no B leaves its device", () => {
  const state = fedSaLora.init(run, loraShape, initial);
  const plan = planOf(fedSaLora, state, rosterOf(numExamples), random, 1);
  expect(plan.tasks[0].parameterSets).toEqual({ global: 0, initial: 1 });
  expect(plan.payloads.map(valuesOf)).toEqual([{ "lora/0/query/a": [2, -4], "head/bias": [0.5] }, { "lora/0/query/b": [0, 0, 0] }]);
  expect(plan.tasks[0].expects.shapes).toEqual({ "lora/0/query/a": [1, 2], "head/bias": [1] });
  expect(plan.tasks[0].spec).toMatchObject({ kind: "train", isPersonalised: true });
  const changes = [
    { a: [[4, 8]], bias: [1] },
    { a: [[-4, 0]], bias: [-1] },
  ].map(({ a, bias }) => {
    const { "lora/0/query/b": _, ...travels } = factorsOf({ b: [[7]], a }, bias);
    return travels;
  });
  const next = fedSaLora.aggregate(
    state,
    plan,
    changes.map((delta, device) => trained(device, numExamples[device], 2, delta)),
  );
  // (2, −4) + 0.25 · (4, 8) + 0.75 · (−4, 0)
  expect(valuesOf(fedSaLora.globalParams(next))).toEqual({ "lora/0/query/a": [0, -2], "head/bias": [0] });
  expect(valuesOf(fedSaLora.newcomerParams(next))).toEqual({
    "lora/0/query/a": [0, -2],
    "head/bias": [0],
    "lora/0/query/b": [0, 0, 0],
  });
  const evaluating = planOf(fedSaLora, next, rosterOf(numExamples), random, 1);
  expect(evaluating.tasks[0].spec).toMatchObject({ kind: "evaluate", protocols: ["personalised", "global", "newcomer", "zeroShot"] });
  expect(evaluating.tasks[0].parameterSets).toEqual({ global: 0, initial: 1 });
  const pooled = fedSaLora.aggregate(
    next,
    evaluating,
    [0, 1].map((deviceId) => ({
      deviceId,
      numExamples: 2,
      body: {
        kind: "evaluate",
        results: [
          {
            protocol: "newcomer",
            split: "test",
            confusion: [
              [deviceId, 2],
              [0, 1],
            ],
            lossSum: 1,
          },
        ],
      },
    })),
  );
  // a newcomer's results are its own, not copied from the global ones
  expect(fedSaLora.summary(pooled).evaluations[0].results).toEqual([
    {
      protocol: "newcomer",
      split: "test",
      confusion: [
        [1, 4],
        [0, 2],
      ],
      lossSum: 2,
    },
  ]);
  expect(fedSaLora.summary(next).sharedNames).toEqual(["lora/0/query/a", "head/bias"]);
});
