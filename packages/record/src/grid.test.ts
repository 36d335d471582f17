import { methods, presets, type RunSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { gridOf } from "./grid.ts";
import { scoreTable } from "./scoreTable.ts";
import { simulatedComparison, simulatedRun, simulatedSplits } from "./testing/simulatedExperiment.ts";
import { tradeoffPoints } from "./tradeoff.ts";

test("methods are lines with the controls last, tasks are columns, and a cell has a run per seed", () => {
  const { rows, columns, runsOf, failed } = gridOf(simulatedComparison().runs);
  expect(rows.map(({ label }) => label).slice(-3)).toEqual(["LoRA", "Local training only", "Pooled training"]);
  expect(columns.map(({ label }) => label)).toEqual(["feedback/topic", "sst2", "subj"]);
  const [row, column] = [rows[0], columns[0]];
  if (row === undefined || column === undefined) throw new Error("there is no cell");
  expect(runsOf(row, column).map(({ seed }) => seed)).toEqual([1, 2, 3]);
  expect(failed.map(({ method, task, seed }) => [method, task, seed])).toEqual([["idpg", "subj", 2]]);
});

test("what changes the partition makes columns, in which alone scores can be compared", () => {
  const { rows, columns } = gridOf(simulatedSplits().runs);
  expect(rows.map(({ label }) => label)).toEqual(["FedPepTAO", "P-tuning v2"]);
  expect(columns.map(({ label }) => label)).toEqual(["subj, alpha 0.1", "subj, alpha 1", "subj, alpha 5"]);
});

test("what changes the method makes lines, and an axis with one value says nothing", () => {
  const runs = (["score", "random"] as const).map((selector) => {
    const base: RunSettings = methods.fedPepTao.settings({ ...presets.demo, task: "subj", seed: 1 });
    const settings = base.strategy.name === "fedPepTao" ? { ...base, strategy: { ...base.strategy, selector } } : base;
    return simulatedRun({ method: "fedPepTao", task: "subj", seed: 1, settings, variant: { selector, devices: 20 } });
  });
  const { rows, columns } = gridOf(runs);
  expect(rows.map(({ label }) => label)).toEqual(["FedPepTAO, selector score", "FedPepTAO, selector random"]);
  expect(columns.map(({ label }) => label)).toEqual(["subj"]);
});

test("a method under two titles is two lines, and trials of rates are in none", () => {
  const run = simulatedRun({ method: "lora", task: "subj", seed: 1 });
  const { rows } = gridOf([run, { ...run, methodTitle: "LoRA, twice the rate" }, { ...run, methodTitle: "trial", isRateTrial: true }]);
  expect(rows.map(({ label }) => label)).toEqual(["LoRA", "LoRA, twice the rate"]);
});

test("P-tuning v2 that every device tunes once more is a control: never the highest mean, and not on the Pareto front", () => {
  const tuned = simulatedRun({ method: "pTuningV2FineTuned", task: "subj", seed: 1, gain: 0.3 });
  const grid = gridOf([
    tuned,
    simulatedRun({ method: "lora", task: "subj", seed: 1, gain: 0.1 }),
    simulatedRun({ method: "adapter", task: "subj", seed: 1 }),
  ]);
  const { rows } = scoreTable(grid, "personalised", "final", "test");
  expect(rows.map(({ row, cells: [cell] }) => [row.method, row.isControl, cell?.isTop])).toEqual([
    ["lora", false, true],
    ["adapter", false, false],
    ["pTuningV2FineTuned", true, false],
  ]);
  const points = grid.columns.flatMap((column) => tradeoffPoints(grid, column, "personalised"));
  expect(points.find(({ row }) => row.isControl)?.isOnFront).toBe(false);
  expect(points.some(({ isOnFront }) => isOnFront)).toBe(true);
});
