import { type ExpectedStep, presets, type TaskSpec } from "@tutti/core";
import { expect, test } from "vitest";
import { progressOf } from "./runProgress.ts";
import { scheduleOf } from "./schedule.ts";

const train = { kind: "train", epochs: 2 } as TaskSpec;
const probe = { kind: "probe" } as TaskSpec;
const step = (stage: ExpectedStep["stage"], round: number, spec: TaskSpec, numDevices: number): ExpectedStep => ({
  stage,
  round,
  step: 1,
  spec,
  numDevices,
  isFineTuning: false,
});
/** Work: 2 for the probes, 6 and 12 for the training steps. */
const schedule = [step("count", 1, probe, 2), step("train", 1, train, 3), step("train", 2, train, 6)];
const at = (stage: ExpectedStep["stage"], round: number, seconds: number) => ({ stage, round, step: 1, seconds });

test("before a training step has closed, steps weigh their work, and no time is promised", () => {
  const { stages, secondsLeft } = progressOf(schedule, [at("count", 1, 9)], { stage: "train", round: 1, step: 1, fraction: 0.5 });
  expect(stages).toEqual([
    { stage: "count", share: 2 / 20, done: 1 },
    { stage: "train", share: 18 / 20, done: 3 / 18 },
  ]);
  expect(secondsLeft).toBeNull();
});

test("from then on they weigh the seconds that steps of their kind took for their work, and half a step under way is half done", () => {
  const done = [at("count", 1, 9), at("train", 1, 10)];
  const { stages, secondsLeft } = progressOf(schedule, done, { stage: "train", round: 2, step: 1, fraction: 0.25 });
  expect(stages.map(({ share }) => share)).toEqual([9 / 39, 30 / 39]);
  expect(stages[1]?.done).toBeCloseTo((10 + 5) / 30, 12);
  expect(secondsLeft).toBe(20 - 5);
});

test("shares of every preset's stages add up to 1, a run that is over is whole, and one that has not begun is not", () => {
  for (const run of Object.values(presets)) {
    const all = scheduleOf(run);
    const begin = progressOf(all, [], null);
    expect(begin.stages.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(begin.stages.every(({ done }) => done === 0)).toBe(true);
    const end = progressOf(
      all,
      all.map(({ stage, round, step }) => ({ stage, round, step, seconds: 2 })),
      null,
    );
    for (const { done } of end.stages) expect(done).toBeCloseTo(1, 9);
    expect(end.secondsLeft).toBe(0);
  }
});

test("a step that the settings did not lead to changes nothing", () => {
  const none = progressOf(schedule, [], null);
  expect(progressOf(schedule, [], { stage: "score", round: 7, step: 1, fraction: 1 })).toEqual(none);
});
