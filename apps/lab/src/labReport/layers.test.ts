import { expect, test } from "vitest";
import type { LabRun } from "../experiments/labResult.ts";
import { simulatedSplits } from "../testing/simulatedExperiment.ts";
import { gridOf } from "./grid.ts";
import { layerScoresOf, rankCorrelations } from "./layers.ts";

const scoresOf = (run: LabRun): (number | null)[] => {
  if (run.variant.alpha === 0.1) return run.seed === 1 ? [10, 20, 30, 40, null] : [12, 20, 30, 40, null];
  if (run.variant.alpha === 1) return run.seed === 1 ? [20, 10, 40, 30, null] : [10, 20, 30, 40, null];
  return [];
};
const grid = gridOf(
  simulatedSplits().runs.map((run) => ({
    ...run,
    layerScores: run.method === "fedPepTao" ? scoresOf(run) : [],
    selectedLayers: [run.seed, 3],
  })),
);

test("layer scores are means over seeds, and how often a layer travels is a share of them", () => {
  const [scores] = layerScoresOf(grid);
  expect(scores?.columns.map(({ label }) => label)).toEqual(["subj, alpha 0.1", "subj, alpha 1"]);
  expect(scores?.columns[0]).toEqual({ label: "subj, alpha 0.1", scores: [11, 20, 30, 40, null], selected: [0, 0.5, 0.5, 1, 0] });
});

test("rank correlations compare the same seeds, over the layers that both score", () => {
  // seed 1: ranks 1 2 3 4 beside 2 1 4 3, 1 − 6 · 4 / 60 = 0.6; seed 2: the same order, 1
  const [correlation, ...others] = rankCorrelations(grid);
  expect(others).toEqual([]);
  expect([correlation?.first, correlation?.second, correlation?.numSeeds]).toEqual(["subj, alpha 0.1", "subj, alpha 1", 2]);
  expect(correlation?.mean).toBeCloseTo(0.8, 12);
});
