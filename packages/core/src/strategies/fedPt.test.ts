import { expect, test } from "vitest";
import { computeDeviceId } from "../computing.ts";
import type { Params } from "../params.ts";
import { createRandom } from "../random.ts";
import type { Contribution } from "../task.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "../testing/run.ts";
import { fedAvg } from "./fedAvg.ts";
import { type FedPtSettings, type FedPtState, fedPt } from "./fedPt.ts";
import type { StrategyRun } from "./strategy.ts";

const numExamples = [1, 3];
const base = testRun({ numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 2, evaluateEvery: 2 });
const initial = paramsOf({ "prefix/0": [0.5, -1] });
const runOf = (strategy: Partial<FedPtSettings> = {}): StrategyRun<FedPtSettings> => ({
  ...base,
  strategy: { ...fedPt.defaults, large: "concerto", a: 0.75, distillSteps: 5, ...strategy },
});

const start = (strategy?: Partial<FedPtSettings>) => fedPt.init(runOf(strategy), testShape(1), initial);
const nextPlan = (state: FedPtState) => planOf(fedPt, state, rosterOf(numExamples), createRandom(1), 1);
const changes = [
  [0.2, 1],
  [-0.4, 0],
];
const fromDevices = () => changes.map((change, device) => trained(device, numExamples[device], 2, paramsOf({ "prefix/0": change })));

function computes(body: Contribution["body"]): Contribution[] {
  return [{ deviceId: computeDeviceId, numExamples: 1, body }];
}

const scored = computes({ kind: "logits", contentKey: "ab".repeat(32), numTexts: 3, numPositions: 20, topKError: 0.01 });
const learnt = (delta: Params) => computes({ kind: "distil", delta, numSteps: 5, firstLoss: 2, lastLoss: 1, drift: 0.5 });

function close(state: FedPtState, contributions: readonly Contribution[]): FedPtState {
  return fedPt.aggregate(state, withDevices(nextPlan(state), [1, 0]), contributions);
}

test("a round: the mean by examples, the large model's scores once, and what the student learnt on top of the mean", () => {
  let state = close(start(), fromDevices());
  // W + (1 · δ0 + 3 · δ1) / 4 = (.5 − .25, −1 + .25); W itself stays until the student has learnt
  expect(valuesOf(fedPt.globalParams(state))["prefix/0"]).toEqual([0.5, -1]);
  const logits = nextPlan(state);
  expect(logits.tasks).toEqual([
    {
      deviceId: computeDeviceId,
      spec: { kind: "logits", large: "concerto", topK: 256 },
      parameterSets: {},
      expects: { shapes: {}, encoding: "f32", batchSize: 8, numExamples: 1 },
    },
  ]);
  expect(logits).toMatchObject({ deadlineMs: null, quorum: 1 });
  state = fedPt.aggregate(state, logits, scored);
  const distil = nextPlan(state);
  expect(distil.tasks[0]?.spec).toEqual({
    kind: "distil",
    large: "concerto",
    topK: 256,
    a: 0.75,
    temperature: 1,
    numSteps: 5,
    batchSize: 8,
    learningRate: 0.001,
  });
  expect(distil.tasks[0]?.expects.shapes).toEqual({ "prefix/0": [2] });
  for (const [at, value] of [0.25, -0.75].entries()) expect(distil.payloads[0]["prefix/0"].data[at]).toBeCloseTo(value, 6);
  state = fedPt.aggregate(state, distil, learnt(paramsOf({ "prefix/0": [0.125, -0.5] })));
  for (const [at, value] of [0.375, -1.25].entries()) {
    expect(valuesOf(fedPt.globalParams(state))["prefix/0"][at]).toBeCloseTo(value, 6);
  }
  expect(Object.keys(state.tensors)).toEqual(["W/prefix/0"]);
});

test("later rounds ask for no scores again, and after the last mean nothing is distilled", () => {
  const kinds = fedPt
    .schedule({ ...runOf(), numRounds: 3, evaluateEvery: 2 })
    .map(({ round, step, spec }) => `${round}.${step} ${spec.kind}`);
  expect(kinds).toEqual(["1.1 train", "1.2 logits", "1.3 distil", "2.1 train", "2.2 distil", "2.3 evaluate", "3.1 train", "3.2 evaluate"]);
});

test("without distillation steps it is federated averaging, to the bit", () => {
  const averaged = { ...base, strategy: fedAvg.defaults };
  let expected = fedAvg.init(averaged, testShape(1), initial);
  let found = start({ distillSteps: 0 });
  for (let round = 1; round <= 2; round++) {
    expected = fedAvg.aggregate(expected, planOf(fedAvg, expected, rosterOf(numExamples), createRandom(1), 1), fromDevices());
    found = fedPt.aggregate(found, nextPlan(found), fromDevices());
    expect(valuesOf(fedPt.globalParams(found))).toEqual(valuesOf(fedAvg.globalParams(expected)));
  }
  expect(fedPt.needsCompute?.(runOf({ distillSteps: 0 }).strategy)).toBe(false);
  expect(fedPt.needsCompute?.(runOf().strategy)).toBe(true);
});

test("only where the difference is counted from the round's start does the compute client get W beside the mean", () => {
  const atDistil = (strategy: Partial<FedPtSettings>) => nextPlan(close(close(start(strategy), fromDevices()), scored));
  expect(atDistil({}).tasks[0]?.parameterSets).toEqual({ global: 0 });
  const plan = atDistil({ proxyReference: "roundStart" });
  expect(plan.tasks[0]?.parameterSets).toEqual({ global: 0, roundStart: 1 });
  expect(valuesOf(plan.payloads[1])).toEqual({ "prefix/0": [0.5, -1] });
});

test("a state that was saved between training and distillation goes on to the same bits", () => {
  const saved = close(start(), fromDevices());
  const read = JSON.parse(JSON.stringify(saved.values)) as FedPtState["values"];
  const ends = [saved, { values: read, tensors: saved.tensors }].map((state) =>
    fedPt.globalParams(close(close(state, scored), learnt(paramsOf({ "prefix/0": [0.1, 0.3] })))),
  );
  expect(ends[1]).toEqual(ends[0]);
});

test("full tuning is refused with what to use", () => {
  const full = { ...runOf(), tuning: { ...base.tuning, method: "full" } } as unknown as StrategyRun<FedPtSettings>;
  expect(() => fedPt.init(full, testShape(1), initial)).toThrow("use lora, adapter or prompts");
});
