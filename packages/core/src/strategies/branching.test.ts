import { expect, test } from "vitest";
import { branchFaults } from "../branchFaults.ts";
import { createRandom } from "../random.ts";
import type { RunSettings } from "../run.ts";
import { settingChanges } from "../settingChanges.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { tunings } from "../tunings/table.ts";
import { carriedTensors } from "./branching.ts";
import { fedPepTao } from "./fedPepTao/index.ts";
import type { FedPepTaoState } from "./fedPepTao/state.ts";
import { scaffold } from "./scaffold.ts";
import { strategies } from "./table.ts";

const roster = rosterOf([3, 5, 2]);
const conditions = { numDevices: 3, minDevices: 3, cohortSize: 2, numRounds: 6, evaluateEvery: 6 };
const straight = { selector: "all", keepFraction: 1, countingRounds: 0, initialPrompts: "fresh" } as const;
const initial = paramsOf({ "prefix/0": [0.5, -1], "prefix/1": [0.25, 2] });

/** Two rounds of training with a change that depends on the device, the round and what it was sent. */
function trainTo(numRounds: number, run: ReturnType<typeof testRun>, from?: FedPepTaoState): FedPepTaoState {
  let state = from ?? fedPepTao.init(run, testShape(2), initial);
  for (let plan = planOf(fedPepTao, state, roster, createRandom(run.seed), 1); plan.round <= numRounds; ) {
    const [sent] = plan.payloads;
    const contributions = plan.tasks.map(({ deviceId }) => {
      const delta = Object.fromEntries(
        Object.entries(sent).map(([name, { shape, data }]) => [
          name,
          { shape, data: data.map((value, i) => 0.1 * value * (deviceId + 1) + 0.01 * plan.round * (i + 1)) },
        ]),
      );
      return trained(deviceId, roster[deviceId].numExamples, 4, delta);
    });
    state = fedPepTao.aggregate(
      state,
      plan,
      contributions.sort((a, b) => a.deviceId - b.deviceId),
    );
    plan = planOf(fedPepTao, state, roster, createRandom(run.seed), 1);
  }
  return state;
}

test("a branch with the same settings goes on as the run itself, control variates, momentum and rate included", () => {
  const run = testRun(conditions, straight);
  const third = trainTo(3, run);
  const branched = fedPepTao.branch?.(third, run, 3);
  expect(branched).toEqual(third);
  expect(valuesOf(trainTo(5, run, branched).tensors)).toEqual(valuesOf(trainTo(5, run).tensors));
  expect(third.values.serverLearningRate).toBeLessThan(run.training.clientLearningRate);
});

test("a branch has the new settings, at the rate that they lead to in its round", () => {
  const run = testRun(conditions, straight);
  const other = testRun(
    { ...conditions, numRounds: 9, training: { ...run.training, clientLearningRate: 0.5 } },
    { ...straight, serverLearningRateDecay: 0.5 },
  );
  const branched = fedPepTao.branch?.(trainTo(3, run), other, 3);
  expect(branched?.values.serverLearningRate).toBe(0.5 * 0.5 * 0.5);
  expect(planOf(fedPepTao, branched ?? trainTo(0, run), roster, createRandom(1), 1).round).toBe(4);
  expect(branched?.values.run.numRounds).toBe(9);
});

test("what decided the layers cannot change once they are chosen", () => {
  const third = trainTo(3, testRun(conditions, straight));
  const other = testRun(conditions, { ...straight, keepFraction: 0.5 });
  expect(() => fedPepTao.branch?.(third, other, 3)).toThrow("strategy.keepFraction: found 0.5, expected 1: the layers were chosen before");
  expect(() => fedPepTao.branch?.(third, testRun(conditions, { ...straight, serverMomentum: 0.1 }), 3)).not.toThrow();
});

test("a run branches after its last round, too, and every strategy can be branched", () => {
  for (const strategy of Object.values(strategies)) expect(strategy.branch).toBeTypeOf("function");
  const run = { ...testRun({ ...conditions, numRounds: 1 }), strategy: scaffold.defaults };
  const state = scaffold.init({ ...run, training: { ...run.training, optimizer: "sgd" } }, testShape(2), initial);
  const done = { ...state, values: { ...state.values, position: { ...state.values.position, isDone: true } } };
  expect(scaffold.branch?.(done, { ...run, numRounds: 4 }, 1).values.position).toEqual({
    stage: "train",
    round: 2,
    step: 1,
    kind: "train",
    isDone: false,
  });
});

test("what is remembered of single devices stays where they hold the same examples, and sent values take the new encoding", () => {
  const before = testRun(conditions);
  const tensors = paramsOf({ "W/a": [0.1], "initial/b": [0.2], "c/a": [0.3], "c/12/a": [0.4], "V/a": [0.7] });
  const names = (after: Partial<RunSettings>) => Object.keys(carriedTensors(tensors, { before, after: { ...before, ...after } }));
  const all = Object.keys(tensors);
  expect(names({ numRounds: 70 })).toEqual(all);
  for (const after of [{ seed: 7 }, { numDevices: 2 }, { roster: "open" }, { partition: { kind: "iid" } }] as const)
    expect(names(after)).toEqual(all.filter((name) => name !== "c/12/a"));
  const carried = carriedTensors(tensors, { before, after: { ...before, paramsEncoding: "f16" } });
  expect(carried["W/a"].data[0]).toBe(0.0999755859375); // 0.1 in f16
  expect(carried["initial/b"].data[0]).toBe(0.199951171875);
  expect(carried["V/a"]).toBe(tensors["V/a"]);
});

test("settings that decide what parameters are cannot change, and others can", () => {
  const run: RunSettings = testRun(conditions);
  const faults = (changes: object) => branchFaults(run, { ...run, ...changes } as RunSettings, 4);
  expect(faults({ training: { ...run.training, clientLearningRate: 7 }, seed: 9, tuning: { ...run.tuning, promptDropout: 0.5 } })).toEqual(
    [],
  );
  const why = "which decides what the run's parameters are; start a new run for another one";
  expect(faults({ tuning: { ...run.tuning, promptTokens: 3 }, backbone: "other", numRounds: 4 }).sort()).toEqual([
    `backbone: found "other", expected "${run.backbone}", ${why}`,
    "numRounds: found 4, expected more than 4, the round to branch at",
    `tuning.promptTokens: found 3, expected ${"promptTokens" in run.tuning ? run.tuning.promptTokens : 0}, ${why}`,
  ]);
  const drawn: RunSettings = { ...run, tuning: { ...run.tuning, ...tunings.inputPrompt.defaults, initial: "vocabulary" } };
  expect(branchFaults(drawn, { ...drawn, seed: 5 }, 1)[0]).toContain(`seed: found 5, expected ${run.seed}`);
});

test("changes of settings are told each by its path", () => {
  expect(settingChanges({ a: { b: 1, c: [2] }, d: 3 }, { a: { b: 1, c: [4] }, e: 5 })).toEqual([
    { path: "a.c", before: [2], after: [4] },
    { path: "d", before: 3, after: undefined },
    { path: "e", before: undefined, after: 5 },
  ]);
});
