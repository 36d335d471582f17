import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { positionOf } from "./runProgress.ts";
import { estimateSecondsLeft, scheduleOf, stageFraction } from "./schedule.ts";
import { exampleRun } from "./testing/exampleRun.ts";

const averaging = { ...presets.demo, numDevices: 9, cohortSize: 3, numRounds: 3, evaluateEvery: 3, evaluateZeroShot: false };
const at = (round: number, step: number, seconds: number) => ({ stage: "train", round, step, seconds }) as const;

test("time left adds what steps of each kind took, and a kind not seen yet counts as a training step", () => {
  const schedule = scheduleOf({ ...averaging, strategy: { name: "fedAvg", fineTuneEpochs: 0 } });
  // a mean of 6 for round 3, and for its evaluation
  expect(estimateSecondsLeft(schedule, [at(1, 1, 8), at(2, 1, 4)])).toBe(6 + 6);
  expect(estimateSecondsLeft(schedule, [at(1, 1, 8), at(2, 1, 4), at(3, 1, 9)])).toBe(7);
  expect(estimateSecondsLeft(schedule, [at(1, 1, 8), at(2, 1, 4), at(3, 1, 9), at(3, 2, 5)])).toBe(0);
  expect(estimateSecondsLeft(schedule, [])).toBeNull();
});

test("before a training step was measured no time left is told, whatever scoring and evaluations took", () => {
  const schedule = scheduleOf(presets.demo);
  const doneUntil = (index: number) => schedule.slice(0, index).map(({ stage, round, step }) => ({ stage, round, step, seconds: 3 }));
  const first = schedule.findIndex(({ spec }) => spec.kind === "train");
  expect(first).toBeGreaterThan(0);
  for (let done = 0; done <= first; done++) expect(estimateSecondsLeft(schedule, doneUntil(done))).toBeNull();
  expect(estimateSecondsLeft(schedule, doneUntil(first + 1))).toBeGreaterThan(30);
});

test("a step of more devices, epochs or protocols takes longer than others of its kind", () => {
  const tuned = scheduleOf({ ...averaging, strategy: { name: "fedAvg", fineTuneEpochs: 4 } });
  // 3 devices of 2 epochs take 6 seconds, 9 devices of 4 epochs 36; the evaluation counts as the mean training step
  expect(estimateSecondsLeft(tuned, [at(1, 1, 6), at(2, 1, 6), at(3, 1, 6)])).toBe(36 + 6);
  const judged = scheduleOf({ ...averaging, evaluateEvery: 1, evaluateZeroShot: true, strategy: { name: "fedAvg", fineTuneEpochs: 0 } });
  // zero-shot, the first time only, is as much again
  expect(estimateSecondsLeft(judged, [at(1, 1, 6), at(1, 2, 10)])).toBe(2 * 6 + 2 * 5);
});

test("the share of a stage grows from step to step, through evaluations and fine-tuning, and ends at 1", () => {
  const schedule = scheduleOf({ ...averaging, evaluateEvery: 2, strategy: { name: "fedAvg", fineTuneEpochs: 4 } });
  // train, train, evaluate, train, fine-tune, evaluate
  const fractions = schedule.flatMap((step) => [0, 0.5, 1].map((done) => stageFraction(schedule, step, done)));
  expect(fractions).toEqual([0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4, 4, 4.5, 5, 5, 5.5, 6].map((done) => done / 6));
});

test("where a run stands is the first step that is not done, of all steps that its settings lead to", () => {
  const schedule = scheduleOf({ ...averaging, strategy: { name: "fedAvg", fineTuneEpochs: 0 } });
  const done = (exampleRun.steps ?? []).slice(2, 4); // rounds 1 and 2 of training
  const when = { at: "2026-01-02T03:04:05.000Z", isRunning: true };
  const position = { stage: "train", round: 3, numRounds: 3, numStepsDone: 2, numSteps: 4, secondsLeft: 9, ...when };
  expect(positionOf(schedule, done, when)).toEqual(position);
  expect(positionOf(schedule, [], when)).toMatchObject({ round: 1, numStepsDone: 0, secondsLeft: null });
});
