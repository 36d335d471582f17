import { expect, test } from "vitest";
import type { LabRun } from "../experiments/labResult.ts";
import { simulatedRun } from "../testing/simulatedExperiment.ts";
import { gridOf } from "./grid.ts";
import { scoreTable } from "./scoreTable.ts";

const scores = (score: number) => ({ score, accuracy: score, macroF1: score, loss: 1 });

function run(method: LabRun["method"] & ("lora" | "adapter" | "pooled" | "fedPrompt"), seed: number, correct: string): LabRun {
  const score = [...correct].filter((answer) => answer === "1").length / correct.length;
  return {
    ...simulatedRun({ method, task: "subj", seed }),
    correct,
    final: { global: scores(score) },
    best: { round: 4, scores: { global: scores(0.3) } },
  };
}

const texts = (numRight: number) => "1".repeat(numRight) + "0".repeat(200 - numRight);

test("the highest mean of a column is the best, ties are those of the bootstrap, and controls stand apart", () => {
  const runs = [
    ...[run("lora", 1, texts(150)), run("lora", 2, texts(154))],
    ...[run("adapter", 1, `0${"1".repeat(151)}${"0".repeat(48)}`), run("adapter", 2, texts(152))],
    ...[run("fedPrompt", 1, texts(90)), run("fedPrompt", 2, texts(91))],
    ...[run("pooled", 1, texts(190)), run("pooled", 2, texts(190))],
  ];
  const table = scoreTable(gridOf(runs), "global", "final", "test");
  const cells = table.rows.map(({ row, cells: [cell] }) => [
    row.method,
    cell?.summary?.mean.toFixed(4),
    cell?.isBest,
    cell?.behindBest?.isTie,
  ]);
  expect(cells).toEqual([
    ["lora", "0.7600", true, undefined],
    ["adapter", "0.7575", false, true],
    ["fedPrompt", "0.4525", false, false],
    ["pooled", "0.9500", false, undefined],
  ]);
  expect(table.rows[0]?.cells[0]?.summary?.stdDev).toBeCloseTo(0.02 / Math.SQRT2, 12); // 0.75 and 0.77
  expect(table.controls).toEqual([
    { label: "Majority class", cells: [0.5] },
    { label: "Zero-shot", cells: [0.57] },
  ]);
});

test("the table of the best round has its scores, and no ties: answers are known of the last round alone", () => {
  const { rows } = scoreTable(gridOf([run("lora", 1, texts(150)), run("adapter", 1, texts(120))]), "global", "best", "test");
  expect(rows.map(({ cells: [cell] }) => [cell?.summary?.mean, cell?.isBest, cell?.behindBest])).toEqual([
    [0.3, true, null],
    [0.3, true, null],
  ]);
});

test("a tie is not told where a run's answers are unknown or of other rows", () => {
  const others = [{ ...run("adapter", 1, texts(150)), correct: null }, run("adapter", 1, "1101")];
  for (const other of others) {
    const { rows } = scoreTable(gridOf([run("lora", 1, texts(199)), other]), "global", "final", "test");
    expect(rows.map(({ cells: [cell] }) => cell?.behindBest)).toEqual([null, null]);
  }
});

test("one method alone is not called the best", () => {
  const { rows } = scoreTable(gridOf([run("lora", 1, texts(150))]), "global", "final", "test");
  expect(rows[0]?.cells[0]?.isBest).toBe(false);
});

test("in another metric a tie is that of the classes row by row, and none is told where these are unknown or of other rows", () => {
  const labels = Array.from({ length: 200 }, (_, row) => (row < 140 ? 1 : 0));
  const answering = (method: "lora" | "adapter", score: number, predictions: readonly number[]): LabRun => ({
    ...{ ...run(method, 1, texts(140)), metric: "matthews", answers: { labels, predictions: [...predictions] } },
    final: { global: scores(score) },
  });
  // right as often as always answering 1 (140 of 200): 90 of 140 and 50 of 60
  const telling = labels.map((label, row) => (row < 90 || (label === 0 && row >= 190) ? 1 : 0));
  const lora = answering("lora", 0.436, telling);
  const behind = (other: LabRun) => scoreTable(gridOf([lora, other]), "global", "final", "test").rows[1]?.cells[0]?.behindBest;
  const always = answering(
    "adapter",
    0,
    labels.map(() => 1),
  );
  expect(behind(always)).toMatchObject({ isTie: false, numRows: 200 });
  expect(behind(always)?.difference).toBeCloseTo((140 * 60 * (90 / 140 + 50 / 60 - 1)) / Math.sqrt(100 * 100 * 140 * 60), 12);
  expect(behind(answering("adapter", 0.43, telling))).toMatchObject({ isTie: true, difference: 0 });
  expect(behind({ ...always, answers: null })).toBeNull();
  const { answers: _, ...withoutAnswers } = always;
  expect(behind(withoutAnswers)).toBeNull();
  expect(behind({ ...always, answers: { labels: [...labels].reverse(), predictions: telling } })).toBeNull();
});
