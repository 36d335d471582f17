import { createStrategy, presets, type RunSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { estimateSecondsLeft, type RunProgress, renderBar, renderLine, stageFraction } from "./progress.ts";

const progress: RunProgress = {
  stage: "train",
  kind: "train",
  round: 7,
  numRounds: 12,
  stageFraction: 6.5 / 12,
  numDone: 3,
  numTasks: 6,
  accuracy: "personalised 0.612",
  bytesUp: 1_234_000,
  bytesDown: 4_321_000,
  secondsLeft: 75,
};

test("the bar shows the share of the stage that is done", () => {
  // 6.5 of 12 steps of 24 places: 13
  expect(renderBar(progress, 200)).toBe(
    `training ${"█".repeat(13)}${"░".repeat(11)} round 7/12 · training 3/6 · personalised 0.612 · 1.2 MB up · 4.3 MB down · 1 min 15 s left`,
  );
});

test("the bar never fills the last column, which would break the line", () => {
  expect(renderBar(progress, 60)).toHaveLength(59);
});

test("a plain line says what is known", () => {
  expect(renderLine({ ...progress, kind: "evaluate", accuracy: null, secondsLeft: null })).toBe(
    "training round 7/12 evaluating done, 1.2 MB up, 4.3 MB down",
  );
});

const averaging = { ...presets.demo, numDevices: 9, cohortSize: 3, numRounds: 3, evaluateEvery: 3, evaluateZeroShot: false };
const scheduleOf = (run: RunSettings) => createStrategy(run).schedule(run);
const at = (round: number, step: number, seconds: number) => ({ stage: "train", round, step, seconds }) as const;

test("time left adds what steps of each kind took, and a kind not seen yet counts as a training step", () => {
  const schedule = scheduleOf({ ...averaging, strategy: { name: "fedAvg", fineTuneEpochs: 0 } });
  // a mean of 6 for round 3, and for its evaluation
  expect(estimateSecondsLeft(schedule, [at(1, 1, 8), at(2, 1, 4)])).toBe(6 + 6);
  expect(estimateSecondsLeft(schedule, [at(1, 1, 8), at(2, 1, 4), at(3, 1, 9)])).toBe(7);
  expect(estimateSecondsLeft(schedule, [at(1, 1, 8), at(2, 1, 4), at(3, 1, 9), at(3, 2, 5)])).toBe(0);
  expect(estimateSecondsLeft(schedule, [])).toBeNull();
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
