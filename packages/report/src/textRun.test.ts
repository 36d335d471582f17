import { analyse, experimentOfRun, type RunRecord } from "@tutti/record";
import { exampleTextRun, simulatedExperiment, simulatedRun } from "@tutti/record/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { renderCsv } from "./csv.ts";
import { renderLatex } from "./latex.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";
import { renderTable } from "./runTable.ts";

const pageOf = (run: RunRecord) => renderPage(experimentOfRun(run, { startedAt: "2026-01-02T03:04:05.000Z" }));
const { document } = parseHTML(pageOf(exampleTextRun));
const cellsOf = (table: Element | undefined) =>
  [...(table?.querySelectorAll("tr") ?? [])].map((row) => [...row.querySelectorAll("th, td")].map(({ textContent }) => textContent));

test("the report of a run of texts has every score in every protocol beside the untuned backbone", () => {
  const [scores, spread] = [...document.querySelectorAll("#scores table")];
  expect(cellsOf(scores)).toEqual([
    ["test split", "personalised", "global", "newcomer", "untuned", "global, chosen round"],
    ["ROUGE-L", "0.300", "0.250", "0.200", "0.050", "0.150"],
    ["exact match", "0.125", "0.125", "0.125", "0.125", "0.125"],
    ["token accuracy", "0.400", "0.375", "0.350", "0.100", "0.344"],
    // e^2, e^2.5, e^3, e^5, e^2.75
    ["perplexity per token", "7.389", "12.18", "20.09", "148.4", "15.64"],
    ["loss per token", "2.000", "2.500", "3.000", "5.000", "2.750"],
    // e^0.4, e^0.5, e^0.6, e^1, e^0.55
    ["perplexity per byte", "1.492", "1.649", "1.822", "2.718", "1.733"],
    ["loss per byte", "0.400", "0.500", "0.600", "1.000", "0.550"],
    ["texts", "24", "24", "24", "24", "24"],
    ["generated answers", "8", "8", "8", "8", "8"],
    ["coverage", "75 %", "75 %", "75 %", "75 %", "75 %"],
  ]);
  expect(cellsOf(spread).slice(1)).toEqual([
    ["token accuracy", "0.410", "0.325"],
    ["loss per token", "2.050", "2.600"],
  ]);
});

test("its curves are those of the main score and of perplexity, with the untuned backbone as a bound, and no majority class", () => {
  const titles = [...document.querySelectorAll("#curves figcaption")].map(({ textContent }) => textContent);
  expect(titles.slice(0, 2)).toEqual(["ROUGE-L on the test split by round", "Perplexity per token on the test split by round"]);
  const [score, perplexity] = [...document.querySelectorAll("#curves figure")].map(({ textContent }) => textContent);
  expect(score).toContain("ROUGE-L (of 8 texts)");
  for (const text of [score, perplexity]) expect(text).toContain("Untuned backbone");
  const page = document.body.textContent ?? "";
  for (const word of ["Majority", "majority", "Zero-shot", "label words", "minuet"]) expect(page).not.toContain(word);
  expect(document.querySelectorAll("#layers, #cost")).toHaveLength(2);
});

test("the answers that a compute client generated stand beside message and reference, as text", () => {
  const shown = [...document.querySelectorAll("#answers li")].map((item) =>
    [...item.querySelectorAll("dt, dd")].map(({ textContent }) => textContent),
  );
  expect(shown).toEqual([
    ["Message", "Where is my <parcel>?", "Reference", "Sorry that it is late.", "Answer", "Sorry that it was not there."],
    ["Message", "Thank you!", "Reference", "You are welcome.", "Answer", "(nothing)"],
  ]);
  expect(pageOf(exampleTextRun)).not.toContain("<parcel>");
});

test("without answers the report says why and how to get some, and while the run goes that they are yet to come", () => {
  const steps = (exampleTextRun.steps ?? []).filter(({ kind }) => kind !== "answers");
  const without = pageOf({ ...exampleTextRun, steps });
  expect(without).toContain("since no compute client gave any when the run ended");
  expect(without).toContain("npx tutti predict --prompts 20260102-030405-replies");
  const position = {
    stage: "train",
    round: 2,
    numRounds: 3,
    numStepsDone: 3,
    numSteps: 6,
    secondsLeft: null,
    at: "",
    isRunning: true,
  } as const;
  expect(pageOf({ ...exampleTextRun, steps, position })).toContain("when the run is over");
  expect(pageOf({ ...exampleTextRun, metric: "tokenAccuracy", steps })).not.toContain('id="answers"');
});

test("the terminal's table has the same scores", () => {
  const table = renderTable(exampleTextRun);
  expect(table).toMatch(/test split +personalised +global +newcomer +untuned +global, chosen round/);
  expect(table).toMatch(/ROUGE-L +0\.300 +0\.250 +0\.200 +0\.050 +0\.150/);
  expect(table).toMatch(/perplexity per token +7\.389 +12\.18 +20\.09 +148\.4 +15\.64/);
  expect(table).toMatch(/token accuracy +0\.410 +0\.325/);
  expect(table).not.toContain("majority class");
});

/** Two methods with two seeds each; the second method is better by 0.1 in ROUGE-L. */
function comparison(others: readonly RunRecord[] = []) {
  const runs = (["lora", "adapter"] as const).flatMap((method, index) =>
    [1, 2].map((seed): RunRecord => {
      const { metric, curve, controls, final } = exampleTextRun;
      const { global } = final;
      if (global?.text === undefined) throw new Error("the example has scores of texts");
      const rougeL = 0.2 + 0.1 * index + 0.02 * seed;
      const one = simulatedRun({ method, task: "replies", seed });
      const scores = { ...global, score: rougeL, text: { ...global.text, rougeL } };
      return { ...one, metric, curve, controls, correct: null, answers: null, final: { global: scores }, best: null };
    }),
  );
  return simulatedExperiment([...runs, ...others], { name: "texts", data: [] });
}

test("methods are compared on texts by their main score, with all other scores in a table, in HTML, Markdown and LaTeX", () => {
  const result = comparison();
  const page = parseHTML(renderPage(result)).document;
  const [main, texts] = [...page.querySelectorAll("#scores table")];
  expect(cellsOf(main)).toEqual([
    ["method", "replies (of 8 texts)"],
    ["LoRA", "0.230 ±\u00a00.014"],
    ["Adapter", "0.330 ±\u00a00.014"],
    ["Untuned backbone", "0.050"],
  ]);
  expect(main?.querySelector("caption")?.textContent).toContain("ROUGE-L");
  expect(cellsOf(texts)).toEqual([
    [
      "method",
      "ROUGE-L",
      "exact match",
      "token accuracy",
      "perplexity per token",
      "loss per token",
      "perplexity per byte",
      "loss per byte",
    ],
    [
      "LoRA",
      "0.230 ±\u00a00.014",
      "0.125 ±\u00a00.000",
      "0.375 ±\u00a00.000",
      "12.18 ±\u00a00",
      "2.500 ±\u00a00.000",
      "1.649 ±\u00a00",
      "0.500 ±\u00a00.000",
    ],
    [
      "Adapter",
      "0.330 ±\u00a00.014",
      "0.125 ±\u00a00.000",
      "0.375 ±\u00a00.000",
      "12.18 ±\u00a00",
      "2.500 ±\u00a00.000",
      "1.649 ±\u00a00",
      "0.500 ±\u00a00.000",
    ],
    [
      "Untuned backbone",
      "0.050 ±\u00a00.000",
      "0.125 ±\u00a00.000",
      "0.100 ±\u00a00.000",
      "148.4 ±\u00a00",
      "5.000 ±\u00a00.000",
      "2.718 ±\u00a00",
      "1.000 ±\u00a00.000",
    ],
  ]);
  const { text } = renderMarkdown(result, "drawings");
  expect(text).toContain("| Adapter | 0.330 ±\u00a00.014 | 0.125 ±\u00a00.000 |");
  expect(text).toContain("| *Untuned backbone* | 0.050 ±\u00a00.000 |");
  expect(text).not.toContain("Majority class");
  const latex = renderLatex(result);
  expect(latex).toContain("\\label{tab:texts-texts}");
  expect(latex).toMatch(/Untuned backbone & 0\.050 .*148\.4/);
  expect(latex).toContain("ROUGE-L; mean");
});

test("beside a task with classes a column of texts keeps its own main score and has no label words", () => {
  const mixed = comparison([simulatedRun({ method: "lora", task: "subj", seed: 1 })]);
  const tables = [...parseHTML(renderPage(mixed)).document.querySelectorAll("#scores table")];
  const rows = cellsOf(tables.find((table) => table.querySelector("caption")?.textContent?.startsWith("Global, after")));
  expect(rows[0]).toEqual(["method", "replies (ROUGE-L, of 8 texts)", "subj (accuracy, of 400 texts)"]);
  expect(rows.find(([name]) => name === "Majority class")).toEqual(["Majority class", "–", "0.500"]);
  expect(rows.at(-1)?.[1]).toBe("–");
  expect(analyse(mixed).grid.columns.map(({ metric }) => metric)).toEqual(["rougeL", "accuracy"]);
});

test("a line of the CSV has every score of its texts, and the untuned backbone has one", () => {
  const [head = "", ...lines] = renderCsv(experimentOfRun(exampleTextRun, { startedAt: "" }))
    .trim()
    .split("\r\n");
  const names = head.split(",");
  const rows = lines.map((line) => Object.fromEntries(line.split(",").map((value, index) => [names[index], value])));
  expect(rows.find(({ protocol, moment }) => protocol === "global" && moment === "final")).toMatchObject({
    metric: "rougeL",
    score: "0.25",
    rouge_l: "0.25",
    loss: "2.5",
    token_accuracy: "0.375",
    loss_per_byte: "0.5",
    tokens: "960",
    bytes: "4800",
    generated_answers: "8",
    accuracy: "",
  });
  expect(rows.find(({ protocol }) => protocol === "zeroShot")).toMatchObject({ score: "0.05", loss: "5", round: "1" });
});
