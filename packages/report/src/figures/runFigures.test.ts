import { exampleRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { bytesByPhase, runFigures, scorePoints } from "./runFigures.ts";

test("figures draw the test split after each evaluated round", () => {
  expect(scorePoints(exampleRun, ({ accuracy }) => accuracy).filter(({ series }) => series === "personalised")).toEqual([
    { round: 2, value: 0.61, series: "personalised" },
    { round: 3, value: 0.702, series: "personalised" },
  ]);
});

test("a run has five figures, and none for what its record lacks", () => {
  const titlesOf = (run: typeof exampleRun) => runFigures(run).map(({ title }) => title);
  expect(titlesOf(exampleRun)).toHaveLength(5);
  expect(titlesOf({ ...exampleRun, spectra: [] })).toEqual(titlesOf(exampleRun).slice(0, 4));
  expect(titlesOf({ ...exampleRun, spectra: [], curve: [], steps: [], layerScores: [] })).toEqual([]);
});

test("every figure says in words what it shows", () => {
  const texts = runFigures(exampleRun).map(({ description }) => description);
  expect(texts[0]).toContain("Highest at the end: personalised with 0.702; lowest: global with 0.601.");
  expect(texts[2]).toBe("Layers by score, highest first: 4, 3, 2, 1, 0. Sent: 2, 3, 4.");
  expect(texts[3]).toContain("scoring 4.00 kB up and 20.0 kB down");
  for (const { svg, description } of runFigures(exampleRun)) expect(svg).toContain(`aria-label="${description}"`);
});

test("what an evaluation fetched for the next round is drawn with that round's bytes", () => {
  const [before] = exampleRun.steps ?? [];
  if (before === undefined) throw new Error("the example has steps");
  const at = (kind: "train" | "evaluate", bytesUp: number, bytesDown: number) => ({
    ...before,
    stage: "train" as const,
    kind,
    bytesUp,
    bytesDown,
  });
  const steps = [at("train", 10, 5), at("evaluate", 2, 50), { ...at("train", 10, 1), fetchedBefore: { up: 1, down: 40 } }];
  expect(bytesByPhase(steps)).toEqual([
    { phase: "training", up: 21, down: 46 },
    { phase: "evaluation", up: 1, down: 10 },
  ]);
});
