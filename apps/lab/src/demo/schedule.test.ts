import { expect, test } from "vitest";
import { exampleReport } from "../results/exampleReport.ts";
import { expectedSteps, remainingSteps } from "./schedule.ts";

test("training rounds are evaluated every so often and after the last", () => {
  const settings = { ...exampleReport.settings, numRounds: 5, evaluateEvery: 2 };
  const evaluated = expectedSteps(settings).filter(({ kind }) => kind === "evaluate");
  expect(evaluated.map(({ round }) => round)).toEqual([2, 4, 5]);
});

test("what is done is not expected again", () => {
  const settings = { ...exampleReport.settings, numRounds: 2, evaluateEvery: 2 };
  const done = [{ stage: "train", round: 1, step: 1, kind: "train" }] as const;
  expect(remainingSteps(settings, done)).toEqual([
    { stage: "train", round: 2, step: 1, kind: "train" },
    { stage: "train", round: 2, step: 2, kind: "evaluate" },
  ]);
});

test("where devices tune the last model for themselves, that is a step of the last round", () => {
  const strategy = { name: "fedAvg", fineTuneEpochs: 1 } as const;
  const settings = { ...exampleReport.settings, strategy, numRounds: 2, evaluateEvery: 2 };
  const done = expectedSteps(settings).slice(0, 2);
  expect(remainingSteps(settings, done)).toEqual([
    { stage: "train", round: 2, step: 2, kind: "train" },
    { stage: "train", round: 2, step: 3, kind: "evaluate" },
  ]);
});
