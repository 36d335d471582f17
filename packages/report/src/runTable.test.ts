import { exampleRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderTable } from "./runTable.ts";
import { zeroShotNote } from "./sentences/scores.ts";

const table = renderTable(exampleRun);

test("the table says every score beside its controls, and what the zero-shot row is", () => {
  expect(table).toMatch(/test split +accuracy +macro F1 +texts +coverage/);
  expect(table).toMatch(/personalised +0\.702 +0\.690 +288 +95 %/);
  expect(table).toMatch(/majority class +0\.250 +0\.100 +1,288 +–/);
  expect(table).toContain(zeroShotNote);
});

test("the worst tenth of the devices is beside the mean over devices", () => {
  expect(table).toMatch(
    /personalised, after the last round +mean over devices +worst tenth\naccuracy +0\.688 +0\.412\nloss +0\.790 +1\.420/,
  );
  const { personalised, ...others } = exampleRun.final;
  expect(renderTable({ ...exampleRun, final: others })).not.toContain("worst tenth");
});

test("the table says layers, Ritz values, bytes by phase, break-even round and time", () => {
  expect(table).toMatch(/5 +not scored +no/);
  expect(table).toMatch(/4 +96\.5 +yes/);
  expect(table).toContain("Keep fraction r = 0.4953: 3 of 6 layers are sent.");
  expect(table).toContain("Ritz values behind r\n  device 1: 3 values, from -0.0014 to 0.0057");
  expect(table).toMatch(/training +360 kB +480 kB/);
  // 5.4 MB + 300 kB + 124 kB
  expect(table).toMatch(/backbone, data set, pages +1\.0\d MB +5\.82 MB/);
  // 2.5 MB at 100 kB saved a round
  expect(table).toContain("have not paid for scoring and counting within 3 rounds; at this pace they will by round 25.");
  expect(table).toContain("3 min 21 s");
});

test("a run that goes says so and how far it is", () => {
  const position = {
    stage: "train",
    round: 3,
    numRounds: 12,
    numStepsDone: 5,
    numSteps: 20,
    secondsLeft: 75,
    at: "2026-01-02T03:04:05.000Z",
  } as const;
  expect(renderTable({ ...exampleRun, position: { ...position, isRunning: true } })).toContain(
    "This run is still going: training round 3 of 12, 5 of 20 steps done, about 1 min 15 s left. The scores are those it has so far. Written 2026-01-02 03:04 UTC.",
  );
  expect(renderTable({ ...exampleRun, position: { ...position, isRunning: false } })).toContain(
    "This run has stopped before its end: training round 3 of 12",
  );
  expect(table).not.toContain("This run");
});
