import { expect, test } from "vitest";
import { type RunProgress, renderBar, renderLine } from "./progress.ts";

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
    `training ${"█".repeat(13)}${"░".repeat(11)} round 7/12 · training 3/6 · personalised 0.612 · 1.23 MB up · 4.32 MB down · 1 min 15 s left`,
  );
});

test("the bar never fills the last column, which would break the line", () => {
  expect(renderBar(progress, 60)).toHaveLength(59);
});

test("a plain line says what is known", () => {
  expect(renderLine({ ...progress, kind: "evaluate", accuracy: null, secondsLeft: null })).toBe(
    "training round 7/12 evaluating done, 1.23 MB up, 4.32 MB down",
  );
});
