import type { MethodName } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import { gridOf } from "@tutti/record";
import { simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { tradeoffFigure } from "./tradeoff.ts";

function run(method: MethodName, score: number, megabytes: number): RunRecord {
  const base = simulatedRun({ method, task: "subj", seed: 1 });
  const global = { score, accuracy: score, macroF1: score, loss: 1 };
  return { ...base, final: { global }, bytes: { up: 1e6 * megabytes, down: 0, stagesAB: 0, evaluation: 0 } };
}

/** The numbers printed at the dots. */
function numbersOf(runs: readonly RunRecord[]): string[] {
  const grid = gridOf(runs);
  const [column] = grid.columns;
  const svg = (column && tradeoffFigure(grid, column, "global")?.svg) ?? "";
  const texts = /<g [^>]*aria-label="text"[^>]*>(.*?)<\/g>/s.exec(svg)?.[1] ?? "";
  return [...texts.matchAll(/>([^<>\n]+)</g)].map(([, text]) => text ?? "");
}

test("dots that lie on each other share a label, and one on the front has its own", () => {
  const runs = [
    run("lora", 0.7, 2),
    run("adapter", 0.699, 2.02),
    run("idpg", 0.6988, 2.03),
    run("fedPrompt", 0.5, 1),
    run("fedPepTao", 0.6, 3),
  ];
  expect(numbersOf(runs)).toEqual(["1", "4", "2, 3", "5"]);
});

test("what is near is judged in the drawing: the same dots are told apart where they fill it", () => {
  const runs = [run("lora", 0.7, 2), run("adapter", 0.699, 2.02), run("idpg", 0.6988, 2.03)];
  expect(numbersOf(runs)).toEqual(["1", "2", "3"]);
  const cheaper = [run("lora", 0.7, 1), run("adapter", 0.6, 2), run("idpg", 0.6, 2.15), run("full", 0.5, 90)]; // on a logarithmic axis
  expect(numbersOf(cheaper)).toEqual(["1", "2, 3", "4"]);
});

test("methods of one and the same score have their numbers too", () => {
  expect(numbersOf([run("lora", 0.7, 2), run("adapter", 0.7, 5)])).toEqual(["1", "2"]);
});
