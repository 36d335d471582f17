import type { ExperimentResult } from "@tutti/record";
import { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSource, simulatedSplits } from "@tutti/record/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { size } from "./figures/figure.ts";
import { renderPage } from "./page.tsx";

const comparison = simulatedComparison();
const html = renderPage(comparison);
const { document } = parseHTML(html);

test("the page stands alone: no script, and no address is asked for anything", () => {
  expect(document.querySelectorAll("script, link, img, iframe, object, video, audio")).toHaveLength(0);
  expect(html).not.toMatch(/url\(|@import|srcset=|\ssrc=/);
  expect([...document.querySelectorAll("a")].every((link) => /^(#|https:\/\/)/.test(link.getAttribute("href") ?? ""))).toBe(true);
  expect(html).toContain("prefers-color-scheme: dark");
  expect(html).toContain("@media print");
  expect(document.querySelector("meta[name=viewport]")).not.toBeNull();
});

test("every section is there and linked", () => {
  const headings = [...document.querySelectorAll("section > h2")].map(({ textContent }) => textContent);
  expect(headings).toEqual([
    "Findings",
    "Scores",
    "What did not work",
    "Tasks",
    "Cost",
    "Score against bytes",
    "Curves",
    "Layers",
    "Learning rates",
    "Methods",
    "Failed runs",
    "Configuration",
  ]);
  for (const link of document.querySelectorAll("nav a")) expect(document.querySelector(link.getAttribute("href") ?? "-")).not.toBeNull();
});

test("tables are of three protocols at two moments, in boxes of their own that scroll", () => {
  const regions = [...document.querySelectorAll(".scores")];
  expect(regions.map((region) => region.getAttribute("aria-label"))).toEqual([
    "Personalised, after the last round (accuracy)",
    "Personalised, in the round chosen on validation (accuracy)",
    "Global, after the last round (accuracy)",
    "Global, in the round chosen on validation (accuracy)",
    "Newcomer, after the last round (accuracy)",
    "Newcomer, in the round chosen on validation (accuracy)",
  ]);
  expect([...document.querySelectorAll("table")].every((table) => table.parentElement?.className.includes("wide"))).toBe(true);
  const names = [...(regions[2]?.querySelectorAll("tbody th") ?? [])].map(({ textContent }) => textContent);
  expect(names).toEqual([
    "FedPepTAO",
    "Adapter",
    "FedPrompt",
    "P-tuning v2",
    "IDPG",
    "LoRA",
    "Majority class",
    "Zero-shot",
    "Local training only",
    "Pooled training",
    "Label words seen in pretraining",
  ]);
  expect(regions[2]?.querySelectorAll("b")).toHaveLength(0); // the highest mean of every column has ties
  expect(regions[2]?.textContent).toContain("≈ ");
  expect(regions[0]?.textContent).not.toContain("≈ ");
});

test("every drawing says in words what it shows", () => {
  const drawings = [...document.querySelectorAll("figure svg")].filter((svg) => svg.getAttribute("aria-hidden") !== "true");
  expect(drawings.length).toBe(3 + 3 * 9 + 1 + 3); // trade-offs, curves, heat map, spectra
  for (const svg of drawings) {
    expect(svg.getAttribute("role")).toBe("img");
    expect(svg.getAttribute("aria-label")?.length).toBeGreaterThan(40);
  }
});

test("the whole drawing has a name, and no part of it has one", () => {
  const parts = document.querySelectorAll("figure svg *");
  expect(parts.length).toBeGreaterThan(1000);
  for (const part of parts) expect([...part.attributes].filter(({ name }) => name.startsWith("aria-") || name === "role")).toEqual([]);
});

test("letters in a drawing never grow beyond its heading", () => {
  const drawnRem = size.width / 16;
  const headingRem = Number(/figcaption \{[^}]*font-size: ([\d.]+)rem/.exec(html)?.[1]);
  const maxWidthRem = Number(/figure svg \{[^}]*max-width: ([\d.]+)rem/.exec(html)?.[1]);
  const lettersRem = Math.max(...[...html.matchAll(/font-size:\s?(\d+)px/g)].map(([, pixels]) => Number(pixels) / 16));
  expect(lettersRem).toBe(0.75);
  expect((lettersRem * maxWidthRem) / drawnRem).toBeLessThan(headingRem);
});

test("definitions have their publications and deviations, and say where the names come from", () => {
  const text = document.querySelector("#definitions")?.textContent ?? "";
  expect(text).toContain("names of FedPepTAO's nine baselines are those of its paper as remembered");
  expect(text).toContain("Each factor is averaged separately");
  expect(document.querySelector('#definitions a[href="https://arxiv.org/abs/2106.09685"]')).not.toBeNull();
  expect(text).not.toContain("Source prompts");
  const other = parseHTML(renderPage({ ...comparison, sources: [{ ...simulatedSource, validation: null }] })).document;
  expect(other.querySelector("#definitions h3")?.textContent).toBe("Source prompts");
  expect(other.querySelector("#definitions > ul.plain li")?.textContent).toMatch(
    /^qnli, 16 tokens for minuet: .*; accuracy not recorded; SHA-256/,
  );
});

test("what comes from a run or a file cannot become markup", () => {
  const evil = '<img src=x onerror="alert(1)">&\'"';
  const run = simulatedRun({ method: "lora", task: "subj", seed: 1, variant: { [evil]: evil } });
  const runs = [
    { ...run, methodTitle: evil, correctNote: evil, task: evil, commit: evil, machine: evil },
    { ...run, error: evil },
  ];
  const result: ExperimentResult = simulatedExperiment(runs, {
    name: evil,
    title: evil,
    question: evil,
    preset: evil,
    commit: evil,
    machine: evil,
    startedAt: evil,
    notes: [evil],
    experiment: { [evil]: evil },
    rates: [{ key: evil, method: evil, task: evil, seed: 1, tried: [], chosen: null }],
    sources: [{ ...simulatedSource, name: evil, backbone: evil, task: evil, sha256: evil }],
  });
  const page = parseHTML(renderPage(result)).document;
  expect(page.querySelectorAll("img, [onerror]")).toHaveLength(0);
  expect(page.querySelector("h1")?.textContent).toBe(evil);
});

test("the command that makes it again is there, of a preset by its name, of a file of one's own as it was given", () => {
  const commandIn = (page: string) => parseHTML(page).document.querySelector("#configuration pre")?.textContent;
  const command = "npx tutti lab run ../mine.yaml --out 'my results'";
  expect(commandIn(renderPage({ ...comparison, command }))).toBe(command);
  expect(commandIn(html), "of a result from before it was kept").toBe("npx tutti lab run simulated-comparison.yaml");
  expect(renderPage({ ...comparison, preset: "peft-comparison" })).toContain("npx tutti lab run peft-comparison");
});

test("an experiment without a run that finished, or without any run, still has its page", () => {
  const failed = simulatedRun({ method: "lora", task: "subj", seed: 1, error: "no room" });
  const page = renderPage(simulatedExperiment([failed]));
  expect(page).toContain("no room");
  expect(page).toContain("No run has a score yet.");
  expect(renderPage(simulatedExperiment([]))).toContain("</html>");
});

test("conditions have their own headings in tables, curves and the heat map", () => {
  const { document: page } = parseHTML(renderPage(simulatedSplits()));
  expect([...page.querySelectorAll("#curves h3")].map(({ textContent }) => textContent)).toEqual(
    [0.1, 1, 5].map((alpha) => `subj, alpha ${alpha}`),
  );
  expect(page.querySelectorAll("#layers figure")).toHaveLength(1 + 3);
  expect(page.querySelector("#layers")?.textContent).toContain("Spearman's ρ");
});

test("evaluations stand apart in the costs, and what bytes down are is said", () => {
  const cost = document.querySelector("#cost");
  const heads = [...(cost?.querySelectorAll("thead th") ?? [])].map(({ textContent }) => textContent);
  expect(heads.slice(3, 5)).toEqual(["of which scoring and counting", "evaluation (not included)"]);
  expect(cost?.textContent).toContain("devices that share a tab are counted once");
});

test("scores say what ties are tested for, and over how many seeds a mean is where some are missing", () => {
  const text = document.querySelector("#scores")?.textContent ?? "";
  expect(text).toContain(
    "Differences are tested only under the global protocol after the last round, where every answer is known, and only with 3 seeds or more",
  );
  expect(text.match(/\(2 seeds\)/g)).toHaveLength(6);
});

test("rates say how many validation rows chose, and whether the choice is at the edge of its grid", () => {
  const tried = [0.003, 0.01, 0.03].map((clientLearningRate) => ({ clientLearningRate, runId: "a", validation: 0.5 }));
  const rate = { key: "lora", method: "lora", task: "feedback/topic", seed: 1, tried };
  const rates = [0.003, 0.01, 0.03].map((chosen) => ({ ...rate, chosen }));
  const { document: page } = parseHTML(renderPage({ ...comparison, rates }));
  const lines = [...page.querySelectorAll("#rates tbody tr")].map((line) =>
    [...line.querySelectorAll("td")].map((cell) => cell.textContent),
  );
  expect(lines.map(([, numRows, , chosen]) => [numRows, chosen])).toEqual([
    ["96", "0.003 (edge of the grid)"],
    ["96", "0.01"],
    ["96", "0.03 (edge of the grid)"],
  ]);
});
