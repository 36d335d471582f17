import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { pairedBootstrap, pairedBootstrapOf, pairedBootstrapOfScores, type RowAnswers, shareOfRight } from "./bootstrap.ts";

const stream = () => createRandom(7).stream({ purpose: "bootstrap" });

test("the interval is that of the normal approximation where there are many rows", () => {
  // 400 rows: the first alone right in 60, the second alone in 20, so the difference is 0.1
  const first = "1".repeat(260) + "0".repeat(20) + "0".repeat(120);
  const second = "1".repeat(200) + "0".repeat(60) + "1".repeat(20) + "0".repeat(120);
  const { difference, low, high, isTie, numRows } = pairedBootstrap([first], [second], stream());
  expect(difference).toBeCloseTo(0.1, 12);
  expect([isTie, numRows]).toEqual([false, 400]);
  // variance of a row's gain: 80/400 − 0.1² = 0.19; 1.96 √(0.19 / 400) = 0.0427. 2,000 resamples leave the ends to about 0.003.
  expect(Math.abs(low - (0.1 - 0.0427))).toBeLessThan(0.005);
  expect(Math.abs(high - (0.1 + 0.0427))).toBeLessThan(0.005);
});

test("pairs count: the same two accuracies tie or not by which rows differ", () => {
  const second = "1".repeat(50) + "0".repeat(50);
  const better = "1".repeat(60) + "0".repeat(40); // right wherever the second is, and in ten more rows
  const shuffled = "0".repeat(40) + "1".repeat(60); // right in ten of the second's rows only
  expect(shareOfRight(better)).toBe(shareOfRight(shuffled));
  expect(pairedBootstrap([better], [second], stream()).isTie).toBe(false);
  expect(pairedBootstrap([shuffled], [second], stream()).isTie).toBe(true);
});

test("a row's value is its mean over the seeds, of which the sides may have different numbers", () => {
  const { difference } = pairedBootstrap(["1100", "1000"], ["0010"], stream());
  expect(difference).toBeCloseTo((1 + 0.5 + 0 + 0) / 4 - 1 / 4, 12);
});

test("equal sides tie at exactly 0, and the same stream gives the same interval", () => {
  expect(pairedBootstrap(["1101"], ["1101"], stream())).toEqual({ difference: 0, low: 0, high: 0, isTie: true, numRows: 4 });
  const run = () => pairedBootstrap(["1101011"], ["0101110"], stream());
  expect(run()).toEqual(run());
});

test("different rows, no rows and other characters are refused", () => {
  expect(() => pairedBootstrap(["110"], ["11"], stream())).toThrow("3 rows beside 2");
  expect(() => pairedBootstrap(["110", "11"], ["111"], stream())).toThrow("2 test rows where another has 3");
  expect(() => pairedBootstrap([], ["1"], stream())).toThrow("no test row");
  expect(() => pairedBootstrap(["12"], ["10"], stream())).toThrow('row 1 is "2"');
});

/** Answers of a task of two classes: each label and each prediction as one digit. */
const digits = (labels: string, predictions: string): RowAnswers => ({
  labels: [...labels].map(Number),
  predictions: [...predictions].map(Number),
});

test("by accuracy, answers give what right and wrong give", () => {
  const labels = "0102101120";
  const [a, b, c] = ["0102100000", "0112101121", "2222101120"].map((predictions) => digits(labels, predictions)) as [
    RowAnswers,
    RowAnswers,
    RowAnswers,
  ];
  const right = ({ predictions }: RowAnswers) =>
    predictions.map((prediction, row) => (String(prediction) === labels[row] ? "1" : "0")).join("");
  const answers = pairedBootstrapOf("accuracy", [a, b], [c], stream());
  const texts = pairedBootstrap([right(a), right(b)], [right(c)], stream());
  expect([answers.isTie, answers.numRows]).toEqual([texts.isTie, texts.numRows]);
  expect(answers.difference).toBeCloseTo(texts.difference, 12);
  expect(answers.low).toBeCloseTo(texts.low, 12);
  expect(answers.high).toBeCloseTo(texts.high, 12);
});

test("Matthews correlation: the commonest class always is worth nothing, however often it is right", () => {
  const labels = "1".repeat(70) + "0".repeat(30);
  const always = digits(labels, "1".repeat(100));
  // 45 of 70 and 25 of 30 right, as often as always saying 1: (45 · 25 − 5 · 25) / √(50 · 70 · 30 · 50) = 1000 / √5,250,000
  const telling = digits(labels, "1".repeat(45) + "0".repeat(25) + "0".repeat(25) + "1".repeat(5));
  expect(pairedBootstrapOf("accuracy", [telling], [always], stream())).toMatchObject({ difference: 0, isTie: true });
  const { difference, low, high, isTie } = pairedBootstrapOf("matthews", [telling], [always], stream());
  expect(difference).toBeCloseTo(1000 / Math.sqrt(5_250_000), 12);
  expect([isTie, low > 0.2, high < 0.65]).toEqual([false, true, true]);
});

test("the mean of accuracy and F1 is averaged over the seeds, run by run", () => {
  // accuracies 3/4 and 1/2; F1 of class 1: 2·1/(1 + 2) and 0; the other side has 1 of both
  const first = [digits("0100", "0110"), digits("0100", "1000")];
  const { difference } = pairedBootstrapOf("meanOfAccuracyAndF1", first, [digits("0100", "0100")], stream());
  expect(difference).toBeCloseTo((3 / 4 + 2 / 3 + 1 / 2 + 0) / 4 - 1, 12);
});

test("answers of one class alone are scored, and answers of other rows are refused", () => {
  const same = [digits("0000", "0000")];
  expect(pairedBootstrapOf("meanOfAccuracyAndF1", same, same, stream())).toEqual({
    difference: 0,
    low: 0,
    high: 0,
    isTie: true,
    numRows: 4,
  });
  expect(() => pairedBootstrapOf("matthews", same, [digits("000", "000")], stream())).toThrow("4 rows beside 3");
  expect(() => pairedBootstrapOf("matthews", [], same, stream())).toThrow("no test row");
  expect(() => pairedBootstrapOf("matthews", [{ labels: [0, 1], predictions: [0, -1] }], [digits("01", "01")], stream())).toThrow(
    "no classes counted from 0",
  );
});

test("an interval that ends at exactly 0 is a tie, also where thirds of three seeds do not sum to it", () => {
  const rows = 60;
  for (const trial of [66, 203, 236, 279]) {
    const drawn = createRandom(trial).stream({ purpose: "answers" });
    const right = Array.from({ length: rows }, () => drawn.uniform() < 0.6);
    const side = (share: number) =>
      [0, 1, 2].map(() => right.map((isRight) => ((drawn.uniform() < share ? !isRight : isRight) ? "1" : "0")).join(""));
    const [first, second] = [side(0.02), side(0.06)];
    const rights = (texts: readonly string[], row: number) => texts.filter((text) => text[row] === "1").length;
    const gains = right.map((_, row) => rights(first, row) - rights(second, row));
    const draws = stream();
    const sums = Array.from({ length: 2000 }, () => gains.reduce((sum) => sum + (gains[draws.integer(rows)] ?? 0), 0)).sort(
      (a, b) => a - b,
    );
    const between = (below: number, share: number) => (sums[below] ?? 0) * (1 - share) + (sums[below + 1] ?? 0) * share;
    const isTie = between(49, 0.975) <= 0 && between(1949, 0.025) >= 0; // of whole numbers, so nothing is rounded at 0
    expect([trial, pairedBootstrap(first, second, stream()).isTie]).toEqual([trial, isTie]);
  }
});

test("scores of answers are paired seed by seed on the rows that each seed has, and drawn rows keep their pairs", () => {
  // right or wrong as scores: what `pairedBootstrap` gives for one seed
  const asScores = (marks: string) => ({ rows: [...marks].map((_, row) => row), scores: [...marks].map(Number) });
  const [first, second] = ["1101011011", "0101110001"];
  expect(pairedBootstrapOfScores([asScores(first)], [asScores(second)], stream())).toEqual(pairedBootstrap([first], [second], stream()));
  const mine = [
    { rows: [3, 8], scores: [0.5, 0.25] },
    { rows: [1, 3], scores: [0.75, 0] },
  ];
  const other = [
    { rows: [3, 8], scores: [0.25, 0.5] },
    { rows: [1, 3], scores: [0.25, 0.125] },
  ];
  // gains 0.25, −0.25, 0.5, −0.125
  const { difference, numRows } = pairedBootstrapOfScores(mine, other, stream());
  expect([difference, numRows]).toEqual([0.375 / 4, 4]);
  expect(() => pairedBootstrapOfScores(mine, [...other].reverse(), stream())).toThrow("runs of one seed have different test rows");
  expect(() => pairedBootstrapOfScores(mine, other.slice(1), stream())).toThrow("2 rows beside 1");
  expect(() => pairedBootstrapOfScores([], [], stream())).toThrow("there is no test row");
});
