import { expect, test } from "vitest";
import { roundTrip } from "../encoding.ts";
import { createRandom } from "../random.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { fedAvg } from "./fedAvg.ts";

const run = {
  ...testRun({ numDevices: 3, cohortSize: 3, numRounds: 2, evaluateEvery: 2 }),
  strategy: { name: "fedAvg", fineTuneEpochs: 0 },
} as const;
const random = createRandom(7);
const roster = rosterOf([1, 2, 5]);
const initial = paramsOf({ "prefix/0": [1, 2], "prefix/1": [4, -8], "head/bias": [0.5] });

test("a round averages what the devices ended with, weighted by their examples", () => {
  const state = fedAvg.init(run, testShape(2, true), initial);
  const plan = planOf(fedAvg, state, roster, random, 1);
  expect(plan.tasks[0].spec).toEqual({ kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: false });
  const shapes = { "prefix/0": [2], "prefix/1": [2], "head/bias": [1] };
  expect(plan.tasks.map(({ parameterSets, expects }) => ({ parameterSets, expects }))).toEqual(
    [1, 2, 5].map((numExamples) => ({ parameterSets: { global: 0 }, expects: { shapes, encoding: "f32", batchSize: 8, numExamples } })),
  );
  const next = fedAvg.aggregate(state, plan, [
    trained(0, 1, 2, paramsOf({ "prefix/0": [8, 0], "prefix/1": [0, 16], "head/bias": [1] })),
    trained(1, 2, 2, paramsOf({ "prefix/0": [-4, 4], "prefix/1": [0, 0], "head/bias": [2] })),
    trained(2, 5, 2, paramsOf({ "prefix/0": [0, 1.6], "prefix/1": [-0.8, 0], "head/bias": [-1] })),
  ]);
  // (1·8 − 2·4) / 8 = 0; (2·4 + 5·1.6) / 8 = 2; −5·0.8 / 8 = −0.5; 16 / 8 = 2; (1 + 4 − 5) / 8 = 0
  expect(valuesOf(fedAvg.globalParams(next))).toEqual({ "prefix/0": [1, 4], "prefix/1": [3.5, -6], "head/bias": [0.5] });
  expect(fedAvg.newcomerParams(next)).toEqual(fedAvg.globalParams(next));
});

test("the mean of equal updates is that update", () => {
  const state = fedAvg.init(run, testShape(2, true), initial);
  const plan = planOf(fedAvg, state, roster, random, 1);
  const update = paramsOf({ "prefix/0": [0.1, -0.3], "prefix/1": [0.7, 1e-3], "head/bias": [0.01] });
  const next = fedAvg.aggregate(state, plan, [trained(0, 1, 2, update), trained(1, 2, 4, update), trained(2, 5, 1, update)]);
  const expected = fedAvg.aggregate(state, plan, [trained(1, 2, 4, update)]);
  expect(valuesOf(next.tensors)).toEqual(valuesOf(expected.tensors));
});

test("W is kept as the devices decode it", () => {
  const state = fedAvg.init({ ...run, paramsEncoding: "f16" }, testShape(1), paramsOf({ "prefix/0": [0.1, 1 / 3] }));
  expect(valuesOf(fedAvg.globalParams(state))).toEqual(valuesOf(roundTrip(paramsOf({ "prefix/0": [0.1, 1 / 3] }), "f16")));
  const plan = planOf(fedAvg, state, roster, random, 1);
  const next = fedAvg.globalParams(fedAvg.aggregate(state, plan, [trained(1, 2, 3, paramsOf({ "prefix/0": [1e-5, 0.123] }))]));
  expect(valuesOf(roundTrip(next, "f16"))).toEqual(valuesOf(next));
});

test("contributions within their bound cannot push W out of what its encoding holds", () => {
  const long = { ...run, paramsEncoding: "f16", numRounds: 9, evaluateEvery: 9 } as const;
  let state = fedAvg.init(long, testShape(1), paramsOf({ "prefix/0": [1, 2] }));
  for (let round = 1; round <= 8; round++) {
    const plan = planOf(fedAvg, state, roster, random, 1);
    state = fedAvg.aggregate(state, plan, [trained(1, 2, 3, paramsOf({ "prefix/0": [9_999, -0.5] }))]);
  }
  expect(valuesOf(fedAvg.globalParams(state))["prefix/0"]).toEqual([10_000, -2]);
});

test("it evaluates every `evaluateEvery` rounds and after the last, the bare backbone once", () => {
  const odd = { ...run, numRounds: 3 };
  let state = fedAvg.init(odd, testShape(1), paramsOf({ "prefix/0": [1, 2] }));
  const seen: string[] = [];
  for (let plan = fedAvg.plan(state, roster, random, 1); "tasks" in plan; plan = fedAvg.plan(state, roster, random, 1)) {
    const [{ spec }] = plan.tasks;
    seen.push(spec.kind === "evaluate" ? `${plan.round}.${plan.step} ${spec.protocols.join("+")}` : `${plan.round}.${plan.step}`);
    const bodies = plan.tasks.map(({ deviceId }) =>
      spec.kind === "evaluate"
        ? { deviceId, numExamples: 2, body: { kind: "evaluate" as const, results: [] } }
        : trained(deviceId, 2, 3, paramsOf({ "prefix/0": [0.5, 0.25] })),
    );
    state = fedAvg.aggregate(state, plan, bodies);
  }
  expect(seen).toEqual(["1.1", "2.1", "2.2 global+zeroShot", "3.1", "3.2 global"]);
  expect(fedAvg.summary(state)).toMatchObject({ isDone: true, round: 3, numRounds: 3, selectedLayers: [0], serverLearningRate: null });
});
