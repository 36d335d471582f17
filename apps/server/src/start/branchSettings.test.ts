import { expect, test } from "vitest";
import { tinyFedAvg, tinyRun } from "../testing/tinyRun.ts";
import { branchSettings } from "./branchSettings.ts";

const run = tinyRun({ numRounds: 8 });

test("changes are laid over a run's settings, values of every kind", () => {
  const changed = branchSettings(
    run,
    ["training.clientLearningRate=0.5", "strategy.controlVariates=false", "partition={ kind: iid }", "numRounds=9", "deadlineMs=1e3"],
    3,
  );
  expect(changed).toMatchObject({
    training: { ...run.training, clientLearningRate: 0.5 },
    strategy: { ...run.strategy, controlVariates: false },
    partition: { kind: "iid" },
    numRounds: 9,
    deadlineMs: 1000,
    seed: run.seed,
  });
  expect(branchSettings(run, [], 3)).toEqual(run);
  expect(branchSettings(run, ["numRounds=9", "numRounds=10"], 3).numRounds).toBe(10);
});

test("every fault has a line with the nearest name", () => {
  const of =
    (...changes: string[]) =>
    () =>
      branchSettings(run, changes, 3);
  expect(of("training.clientLearningRat=0.5", "numRounds=many")).toThrow(
    'the branch\'s settings were refused:\n  numRounds: found "many", expected a whole number from 1 to 100000\n  training.clientLearningRat: there is no setting of this name; did you mean training.clientLearningRate?',
  );
  expect(of("numRounds")).toThrow("--set numRounds: expected PATH=VALUE, such as training.clientLearningRate=0.01");
  expect(of("numRounds={ a: ")).toThrow("--set numRounds={ a: : the value is not YAML");
  expect(of("quorum=")).toThrow("--set quorum=: the value is not YAML");
  expect(of("__proto__.numRounds=3")).toThrow("__proto__");
});

test("another strategy is refused as such, not for the settings that it would need", () => {
  const why = "which decides what the run's parameters are; start a new run for another one";
  expect(() => branchSettings(tinyFedAvg(), ["strategy.name=scaffold"], 1)).toThrow(
    `the branch's settings were refused:\n  strategy.name: found "scaffold", expected "fedAvg", ${why}`,
  );
});
