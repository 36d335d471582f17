import { expect, test } from "vitest";
import { gridOf } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { scoreTable, spreadTable } from "./scoreTable.ts";
import { simulatedRun } from "./testing/simulatedExperiment.ts";

const scores = (score: number) => ({ score, accuracy: score, macroF1: score, loss: 1 });

function run(method: RunRecord["method"] & ("lora" | "adapter" | "pooled" | "fedPrompt"), seed: number, correct: string): RunRecord {
  const score = [...correct].filter((answer) => answer === "1").length / correct.length;
  return {
    ...simulatedRun({ method, task: "subj", seed }),
    correct,
    final: { global: scores(score) },
    best: { round: 4, scores: { global: scores(0.3) } },
  };
}

const texts = (numRight: number) => "1".repeat(numRight) + "0".repeat(200 - numRight);

const seedsOf = (method: Parameters<typeof run>[0], ...correct: string[]) => correct.map((text, at) => run(method, at + 1, text));
const cellsOf = (runs: readonly RunRecord[], moment: "final" | "best" = "final") =>
  scoreTable(gridOf(runs), "global", moment, "test").rows.map(({ row, cells: [cell] }) => [
    row.method,
    cell?.summary?.mean.toFixed(4),
    cell?.isTop,
    cell?.isBest,
    cell?.behindTop?.isTie,
  ]);

test("the highest mean is marked, ties with it are those of the bootstrap, and controls stand apart", () => {
  const runs = [
    ...seedsOf("lora", texts(150), texts(154), texts(152)),
    ...seedsOf("adapter", `0${"1".repeat(151)}${"0".repeat(48)}`, texts(152), texts(152)),
    ...seedsOf("fedPrompt", texts(90), texts(91), texts(92)),
    ...seedsOf("pooled", texts(190), texts(190), texts(190)),
  ];
  expect(cellsOf(runs)).toEqual([
    ["lora", "0.7600", true, false, undefined],
    ["adapter", "0.7583", false, false, true],
    ["fedPrompt", "0.4550", false, false, false],
    ["pooled", "0.9500", false, false, undefined],
  ]);
  const table = scoreTable(gridOf(runs), "global", "final", "test");
  expect(table.rows[0]?.cells[0]?.summary?.stdDev).toBeCloseTo(0.01, 12); // 0.75, 0.77 and 0.76
  expect(table.texts).toEqual([{ least: 200, most: 200 }]);
  expect(table.controls).toEqual([
    { control: "majority", cells: [0.5] },
    { control: "zeroShot", cells: [expect.closeTo(0.57, 12)] },
  ]);
});

test("the best is what the test finds above every other method, with three seeds on both sides", () => {
  const lora = seedsOf("lora", texts(150), texts(154), texts(152));
  const fedPrompt = seedsOf("fedPrompt", texts(90), texts(91), texts(92));
  expect(cellsOf([...lora, ...fedPrompt])).toEqual([
    ["lora", "0.7600", true, true, undefined],
    ["fedPrompt", "0.4550", false, false, false],
  ]);
  const untested = (runs: readonly RunRecord[]) => cellsOf(runs).map(([, , isTop, isBest, isTie]) => [isTop, isBest, isTie]);
  const highAlone = [
    [true, false, undefined],
    [false, false, undefined],
  ];
  expect(untested([...lora.slice(0, 2), ...fedPrompt.slice(0, 2)])).toEqual(highAlone);
  expect(untested([...lora.slice(0, 2), ...fedPrompt])).toEqual(highAlone);
  expect(untested([...lora, ...fedPrompt.slice(0, 2)])).toEqual(highAlone);
});

test("of two with the same highest mean none is the best", () => {
  const three = [texts(150), texts(154), texts(152)];
  expect(cellsOf([...seedsOf("lora", ...three), ...seedsOf("adapter", ...three)])).toEqual([
    ["lora", "0.7600", true, false, undefined],
    ["adapter", "0.7600", true, false, true],
  ]);
});

test("the table of the round chosen on validation has its scores, and nothing is the best or a tie: answers are known of the last round alone", () => {
  const three = (method: "lora" | "adapter", right: number) => seedsOf(method, texts(right), texts(right), texts(right));
  expect(cellsOf([...three("lora", 150), ...three("adapter", 120)], "best")).toEqual([
    ["lora", "0.3000", true, false, undefined],
    ["adapter", "0.3000", true, false, undefined],
  ]);
});

test("nothing is tested where a run's answers are unknown or of other rows", () => {
  const adapter = seedsOf("adapter", texts(150), texts(150), texts(150));
  const others = [adapter.map((one, at) => (at === 1 ? { ...one, correct: null } : one)), seedsOf("adapter", "1101", "1101", "1101")];
  for (const other of others) {
    const cells = cellsOf([...seedsOf("lora", texts(199), texts(199), texts(199)), ...other]);
    expect(cells.map(([, , , isBest, isTie]) => [isBest, isTie])).toEqual([
      [false, undefined],
      [false, undefined],
    ]);
  }
});

test("one method alone is not called the best", () => {
  expect(cellsOf(seedsOf("lora", texts(150), texts(150), texts(150)))).toEqual([["lora", "0.7500", false, false, undefined]]);
});

test("a column says of how many texts its scores are, from the least to the most", () => {
  const counted = (numTexts: number, seed: number) => {
    const one = run("lora", seed, texts(150));
    return { ...one, final: { global: { ...scores(0.75), numTexts } } };
  };
  const textsOf = (runs: readonly RunRecord[]) => scoreTable(gridOf(runs), "global", "final", "test").texts;
  expect(textsOf([counted(1288, 1), counted(1288, 2)])).toEqual([{ least: 1288, most: 1288 }]);
  expect(textsOf([counted(271, 1), counted(288, 2)])).toEqual([{ least: 271, most: 288 }]);
  expect(textsOf([{ ...run("lora", 1, texts(150)), correct: null }])).toEqual([null]);
});

test("in another metric a tie is that of the classes row by row, and none is told where these are unknown or of other rows", () => {
  const labels = Array.from({ length: 200 }, (_, row) => (row < 140 ? 1 : 0));
  const answering = (method: "lora" | "adapter", score: number, predictions: readonly number[]): RunRecord => ({
    ...run(method, 1, texts(140)),
    metric: "matthews",
    answers: { labels, predictions: [...predictions] },
    final: { global: scores(score) },
  });
  // right as often as always answering 1 (140 of 200): 90 of 140 and 50 of 60
  const telling = labels.map((label, row) => (row < 90 || (label === 0 && row >= 190) ? 1 : 0));
  const lora = answering("lora", 0.436, telling);
  const three = (one: RunRecord) => [1, 2, 3].map((seed) => ({ ...one, seed, id: `${one.id}-${seed}` }));
  const behind = (other: RunRecord) =>
    scoreTable(gridOf([...three(lora), ...three(other)]), "global", "final", "test").rows[1]?.cells[0]?.behindTop;
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

test("how far devices lie apart is a mean over the seeds that say so, and lines that do not are left out", () => {
  const spreadRun = (seed: number, worst: number, numDevices: number): RunRecord => {
    const one = run("lora", seed, texts(150));
    const spread = { numDevices, meanAccuracy: 0.7, worstTenthAccuracy: worst, meanLoss: 0.5, worstTenthLoss: 1 + worst };
    return { ...one, final: { ...one.final, personalised: { ...scores(0.7), spread } } };
  };
  const { rows } = spreadTable(gridOf([spreadRun(1, 0.25, 19), spreadRun(2, 0.35, 20), ...seedsOf("adapter", texts(1))]));
  expect(rows.map(({ row }) => row.method)).toEqual(["lora"]);
  const [cell] = rows[0]?.cells ?? [];
  expect(cell?.devices).toEqual({ least: 19, most: 20 });
  expect([cell?.mean.mean, cell?.worstTenth.mean, cell?.worstTenthLoss.mean].map((mean) => mean?.toFixed(6))).toEqual([
    "0.700000",
    "0.300000",
    "1.300000",
  ]);
  expect(cell?.worstTenth.stdDev).toBeCloseTo(0.1 / Math.SQRT2, 12);
});

test("texts have a column of their main score with the highest marked, and nothing is tested where no answer is known row by row", () => {
  const answering = (method: "lora" | "adapter", rougeL: number) =>
    [1, 2, 3].map((seed): RunRecord => {
      const one = run(method, seed, texts(150));
      const final = { global: { score: rougeL + seed / 100, loss: 2, numTexts: 64 } };
      return { ...one, metric: "rougeL", correct: null, answers: null, final, controls: { majority: null, zeroShot: 0.11 } };
    });
  const table = scoreTable(gridOf([...answering("lora", 0.25), ...answering("adapter", 0.21)]), "global", "final", "texts");
  expect(table.columns).toMatchObject([{ metric: "rougeL" }]);
  expect(table.rows.map(({ cells: [cell] }) => [cell?.summary?.mean.toFixed(4), cell?.isTop, cell?.isBest, cell?.behindTop])).toEqual([
    ["0.2700", true, false, null],
    ["0.2300", false, false, null],
  ]);
  expect(table.texts).toEqual([{ least: 64, most: 64 }]);
  expect(table.controls).toEqual([
    { control: "majority", cells: [null] },
    { control: "zeroShot", cells: [expect.closeTo(0.11, 12)] },
  ]);
});

test("where the scores of answers are known row by row, the others are tested against the highest, seed by seed", () => {
  const answering = (method: "lora" | "adapter", score: number, shift = 0) =>
    [1, 2, 3].map((seed): RunRecord => {
      const rows = [seed, seed + 10, seed + 20 + shift];
      const answerScores = { rows, scores: rows.map((row) => score + row / 100) };
      return {
        ...run(method, seed, texts(150)),
        metric: "rougeL",
        correct: null,
        answers: null,
        answerScores,
        final: { global: { score, loss: 2 } },
      };
    });
  const cellsOf = (runs: readonly RunRecord[]) =>
    scoreTable(gridOf(runs), "global", "final", "texts").rows.map(({ cells: [cell] }) => cell);
  const [lora, adapter] = cellsOf([...answering("lora", 0.25), ...answering("adapter", 0.21).reverse()]);
  expect(lora).toMatchObject({ isTop: true, isBest: true, behindTop: null });
  // every row is 0.04 better, whatever is drawn
  expect(adapter?.behindTop).toMatchObject({
    difference: expect.closeTo(0.04, 12),
    low: expect.closeTo(0.04, 12),
    isTie: false,
    numRows: 9,
  });
  const [, other] = cellsOf([...answering("lora", 0.25), ...answering("adapter", 0.21, 1)]);
  expect(other?.behindTop).toBeNull();
});
