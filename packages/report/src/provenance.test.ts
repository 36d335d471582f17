import { simulatedExperiment, simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";
import { provenanceText } from "./provenance.ts";

const runs = [1, 2, 3].map((seed) => simulatedRun({ method: "lora", task: "subj", seed }));

test("runs without a commit of their own are the experiment's", () => {
  expect(provenanceText(simulatedExperiment(runs))).toBe("commit 0123abc+; machine Some processor, 2 cores, linux");
});

test("runs of one commit and machine are named by these, whatever wrote the report", () => {
  const all = runs.map((run) => ({ ...run, commit: "aaa", machine: "one" }));
  expect(provenanceText(simulatedExperiment(all))).toBe("commit aaa; machine one");
  expect(provenanceText(simulatedExperiment(all.map((run) => ({ ...run, commit: null }))))).toBe("commit unknown; machine one");
});

test("several commits and machines are all listed in both pages, with how many runs each made", () => {
  const [first, second, third] = runs;
  if (first === undefined || second === undefined || third === undefined) throw new Error("there are no runs");
  const mixed = [{ ...first, commit: "aaa", machine: "one" }, { ...second, commit: "bbb", machine: "two" }, { ...second, id: "x" }, third];
  const result = simulatedExperiment([...mixed, { ...third, isRateTrial: true }]); // the last is the third once more
  const text = "commits aaa (1 run), bbb (1 run) and not on record (2 runs); machines one (1 run), two (1 run) and not on record (2 runs)";
  expect(provenanceText(result)).toBe(text);
  expect(renderMarkdown(result, "x").text).toContain(`2026-01-02, ${text}.`);
  expect(renderPage(result).split(text.slice(1))).toHaveLength(3); // header and configuration
});
