import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { type FedAvgSettings, fedAvg } from "./fedAvg.ts";
import { type LocalSettings, local } from "./local.ts";
import type { StrategyRun } from "./strategy.ts";

const base = testRun({ numDevices: 3, cohortSize: 2, numRounds: 2, evaluateEvery: 1 });
const random = createRandom(7);
const roster = rosterOf([1, 2, 5]);
const initial = paramsOf({ "prefix/0": [1, 2], "head/bias": [0.5] });
const shape = testShape(1, true);

test("training alone: nothing is asked for, everything starts at the initial parameters and stays on the device", () => {
  const run: StrategyRun<LocalSettings> = { ...base, strategy: { name: "local" } };
  let state = local.init(run, shape, initial);
  const plan = planOf(local, state, roster, random, 1);
  expect(plan.tasks).toHaveLength(2);
  expect(plan.tasks[0]).toMatchObject({
    spec: { kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: true },
    expects: { shapes: {} },
  });
  expect(plan.tasks[0].parameterSets).toEqual({ initial: 0 });
  expect(plan.payloads).toEqual([initial]);
  state = local.aggregate(
    state,
    plan,
    plan.tasks.map(({ deviceId }) => trained(deviceId, 2, 4, {})),
  );
  const evaluating = planOf(local, state, roster, random, 1);
  expect(evaluating.tasks).toHaveLength(3);
  expect(evaluating.tasks[0].spec).toMatchObject({ kind: "evaluate", protocols: ["personalised", "global", "newcomer", "zeroShot"] });
  expect(evaluating.payloads).toEqual([initial]);
  expect(evaluating.tasks[0].parameterSets).toEqual({ initial: 0 });
  expect(local.globalParams(state)).toEqual({});
  expect(valuesOf(local.newcomerParams(state))).toEqual(valuesOf(initial));
  expect(local.summary(state)).toMatchObject({ keepFraction: 0, selectedLayers: [], sharedNames: [], numRounds: 2 });
});

test("after the last round every device tunes the global parameters for itself and is then evaluated with its own", () => {
  const run: StrategyRun<FedAvgSettings> = { ...base, strategy: { name: "fedAvg", fineTuneEpochs: 3 } };
  let state = fedAvg.init(run, shape, initial);
  const seen: string[] = [];
  const change = paramsOf({ "prefix/0": [0.25, -0.5], "head/bias": [2] });
  for (let plan = fedAvg.plan(state, roster, random, 1); "tasks" in plan; plan = fedAvg.plan(state, roster, random, 1)) {
    const [{ spec, parameterSets, expects }] = plan.tasks;
    const what = spec.kind === "evaluate" ? spec.protocols.join("+") : `train ${spec.kind === "train" ? spec.epochs : ""}`;
    seen.push(`${plan.round}.${plan.step} ${what} ${plan.tasks.length} ${Object.keys(parameterSets)}`);
    const isTuning = spec.kind === "train" && spec.isPersonalised;
    if (isTuning) {
      expect(spec).toEqual({ kind: "train", warmupSteps: 0, epochs: 3, isPersonalised: true });
      expect(expects.shapes).toEqual({});
      expect(plan.payloads.map(valuesOf)).toEqual([{ "prefix/0": [1.5, 1], "head/bias": [4.5] }]);
    }
    const contributions = plan.tasks.map(({ deviceId }) =>
      spec.kind === "evaluate"
        ? { deviceId, numExamples: 2, body: { kind: "evaluate" as const, results: [] } }
        : trained(deviceId, 2, 3, isTuning ? {} : change),
    );
    const next = fedAvg.aggregate(state, plan, contributions);
    if (isTuning) expect(next.tensors).toBe(state.tensors);
    state = next;
  }
  expect(seen).toEqual([
    "1.1 train 2 2 global",
    "1.2 global+zeroShot 3 global",
    "2.1 train 2 2 global",
    "2.2 train 3 3 initial",
    "2.3 personalised+global+newcomer 3 initial",
  ]);
});

test("a state of a run from before fine-tuning could be chosen goes on without it", () => {
  const old = { ...base, strategy: { name: "fedAvg" } } as StrategyRun<FedAvgSettings>;
  const state = fedAvg.init(old, shape, initial);
  const last = { ...state, values: { ...state.values, position: { ...state.values.position, round: 2 } } };
  const plan = planOf(fedAvg, last, roster, random, 1);
  const next = fedAvg.aggregate(last, plan, [trained(1, 2, 3, paramsOf({ "prefix/0": [1, 1], "head/bias": [1] }))]);
  expect(next.values.position).toMatchObject({ step: 2, kind: "evaluate" });
});
