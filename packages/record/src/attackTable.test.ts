import { expect, test } from "vitest";
import type { AttackPlan } from "./attack.ts";
import { attackTables, isTolerated } from "./attackTable.ts";
import { gridOf } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { simulatedRun } from "./testing/index.ts";

const trigger = { text: "blue umbrella :", target: 3 };
const numRows = 400;

interface Made {
  readonly rule: string;
  readonly attack?: string;
  readonly fraction?: number;
  readonly seed?: number;
  /** Of 400. */
  readonly numRight: number;
  readonly numHits?: number;
}

/** The first `numRight` rows are right, so that an attack's losses are rows that no attack had right. */
function run({ rule, attack = "none", fraction = 0, seed = 1, numRight, numHits }: Made): RunRecord {
  const variant = { attack, attackers: `${Math.round(100 * fraction)} %` };
  const made = simulatedRun({ method: "pTuningV2", task: "feedback/topic", seed, variant });
  const plan: AttackPlan = { kind: attack === "backdoor" ? "backdoor" : "signFlip", fraction, seed: 1 };
  const score = numRight / numRows;
  return {
    ...made,
    id: `${rule} ${attack} ${fraction} ${seed}`,
    methodTitle: rule,
    final: { global: { score, accuracy: score, macroF1: score, loss: 1, numTexts: numRows } },
    correct: "1".repeat(numRight) + "0".repeat(numRows - numRight),
    ...(attack === "none" ? {} : { attack: { plan, attackers: [2, 5] } }),
    ...(numHits === undefined ? {} : { backdoor: { trigger, numTexts: 300, numHits } }),
  };
}

const runs = [
  run({ rule: "mean", numRight: 260, numHits: 15 }),
  run({ rule: "mean", numRight: 264, seed: 2 }),
  run({ rule: "mean", attack: "sign flip", fraction: 0.4, numRight: 100 }),
  run({ rule: "mean", attack: "sign flip", fraction: 0.2, numRight: 120 }),
  run({ rule: "mean", attack: "backdoor", fraction: 0.2, numRight: 250, numHits: 270 }),
  run({ rule: "median", numRight: 256, numHits: 12 }),
  run({ rule: "median", numRight: 252, seed: 2 }),
  run({ rule: "median", attack: "sign flip", fraction: 0.2, numRight: 252 }),
  run({ rule: "median", attack: "sign flip", fraction: 0.2, numRight: 250, seed: 2 }),
  run({ rule: "median", attack: "backdoor", fraction: 0.2, numRight: 240, numHits: 60 }),
];
const tables = (of: readonly RunRecord[]) => attackTables({ runs: of, name: "poisoning" }, gridOf(of));

test("attacks come in the experiment's order behind none, smaller shares first, with a cell for each rule", () => {
  const [table] = tables(runs);
  expect(table?.rows.map(({ label }) => label)).toEqual(["mean", "median"]);
  expect(table?.lines.map(({ attack, attackers }) => `${attack} ${attackers}`)).toEqual([
    "none 0 %",
    "sign flip 20 %",
    "sign flip 40 %",
    "backdoor 20 %",
  ]);
  expect(table?.lines.map(({ cells }) => cells.map((cell) => cell?.score.mean ?? null))).toEqual([
    [0.655, 0.635],
    [0.3, 0.6275],
    [0.25, null],
    [0.625, 0.6],
  ]);
});

test("a difference is to the same rule and seeds without attack, and the best rule has the highest mean", () => {
  const [table] = tables(runs);
  const [, signFlip, , backdoor] = table?.lines ?? [];
  // the mean's one seed: 120 − 260 of 400; the median's two: (252 − 256 + 250 − 252) / 800
  expect(signFlip?.cells.map((cell) => cell?.difference?.difference.toFixed(4))).toEqual(["-0.3500", "-0.0075"]);
  expect(signFlip?.best?.row.label).toBe("median");
  expect(signFlip?.best?.difference).toMatchObject({ numRows });
  expect(backdoor?.best?.row.label).toBe("mean");
});

test("backdoor success is the share of texts of other classes that the trigger made the target", () => {
  const [table] = tables(runs);
  expect(table?.lines.map(({ cells }) => cells.map((cell) => cell?.triggered ?? null))).toEqual([
    [0.05, 0.04],
    [null, null],
    [null, null],
    [0.9, 0.2],
  ]);
});

test("a loss is tolerated unless its whole interval lies below two points", () => {
  const [table] = tables(runs);
  const [, { cells } = { cells: [] }] = table?.lines ?? [];
  const [lost, kept] = cells.map((cell) => cell?.difference);
  expect(lost?.high).toBeLessThan(-0.02);
  expect(lost && isTolerated(lost)).toBe(false);
  expect(kept && isTolerated(kept)).toBe(true);
  expect(isTolerated({ difference: -0.05, low: -0.08, high: -0.019, isTie: false, numRows })).toBe(true);
  expect(isTolerated({ difference: -0.05, low: -0.08, high: -0.021, isTie: false, numRows })).toBe(false);
});

test("without attackers there is no table, and without known answers no difference", () => {
  expect(tables(runs.slice(0, 2))).toEqual([]);
  const blind = runs.map((made) => ({ ...made, correct: null }));
  const [table] = tables(blind);
  expect(table?.lines[1]?.cells[0]).toMatchObject({ score: { mean: 0.3 }, difference: null });
  expect(table?.lines[1]?.best).toBeNull();
});
