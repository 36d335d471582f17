import { experimentOfRun } from "@tutti/record";
import { exampleRun } from "@tutti/record/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";
import { renderTable } from "./runTable.ts";

const startedAt = "2026-01-02T03:04:05.000Z";
const run = { ...exampleRun, prompt: { tokens: [965, 979, 791], text: "great <think> don" } };
const experiment = {
  ...experimentOfRun(run, { startedAt }),
  preset: "systems",
  runs: [run, { ...run, seed: 2, prompt: { tokens: [], text: "" } }],
};
const sectionOf = (html: string) => parseHTML(html).document.querySelector("#prompts")?.textContent ?? null;

test("the report of a run says the prompt of words that it came to, in words, on the page and in the terminal", () => {
  const sentence = "The prompt, which is read in front of every text: “great <think> don” (3 tokens).";
  const html = renderPage(experimentOfRun(run, { startedAt }));
  expect(sectionOf(html)).toContain(sentence);
  expect(html).not.toContain("<think>");
  expect(renderTable(run)).toContain(sentence);
  expect(renderTable({ ...run, prompt: { tokens: [], text: "" } })).toContain("The prompt has no word: the devices agreed on none.");
});

test("the report of an experiment lists the prompt of each run that has one", () => {
  const lines = ["seed 42: “great <think> don” (3 tokens)", "seed 2: no word"];
  const page = sectionOf(renderPage(experiment));
  const { text } = renderMarkdown(experiment, "figures");
  for (const line of lines) expect(page).toContain(line);
  expect(text).toContain("### Prompts of words");
  expect(text).toContain("“great &lt;think&gt; don” (3 tokens)");
});

test("a run without one has no such section", () => {
  expect(sectionOf(renderPage(experimentOfRun(exampleRun, { startedAt })))).toBeNull();
  expect(renderTable(exampleRun)).not.toContain("prompt, which");
});
