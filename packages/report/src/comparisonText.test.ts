import { compareExperiments, type RunRecord } from "@tutti/record";
import { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSplits } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderComparison } from "./comparisonText.ts";

const faster = (run: RunRecord, correct = run.correct): RunRecord => ({
  ...run,
  correct,
  settings: { ...run.settings, training: { ...run.settings.training, clientLearningRate: 0.05 } },
});

test("a comparison says which settings differ, by how much scores do, and which side is better where the test can tell", () => {
  const bases = [1, 2, 3].map((seed) => simulatedRun({ method: "lora", task: "subj", seed }));
  const first = bases.map((run) => ({ ...run, correct: "1".repeat(120) + "0".repeat(280) }));
  const second = bases.map((run) => faster(run, "1".repeat(200) + "0".repeat(200)));
  const text = renderComparison(compareExperiments(simulatedExperiment(first, { name: "a" }), simulatedExperiment(second, { name: "b" })));
  expect(text).toMatch(/training\.clientLearningRate +0\.01 +0\.05/);
  expect(text).toMatch(/global .* second is better +of 400 texts/);
  const few = renderComparison(compareExperiments(simulatedExperiment(first.slice(1)), simulatedExperiment(second.slice(1))));
  expect(few).toMatch(/global .* \+0\.160 to \+0\.240 +of 400 texts/);
  expect(few).not.toContain("is better");
  expect(few).toContain("With fewer than 3 seeds on a side, the variation between seeds is unknown: neither side is called better.");
});

test("an experiment compared with itself says that no setting differs", () => {
  expect(renderComparison(compareExperiments(simulatedSplits(), simulatedSplits()))).toContain("No setting differs.");
});

test("what cannot be compared is said in a sentence", () => {
  const of = (task: string) => simulatedExperiment([simulatedRun({ method: "lora", task, seed: 1 })]);
  const said = (first: ReturnType<typeof of>, second: ReturnType<typeof of>) => renderComparison(compareExperiments(first, second));
  expect(said(of("subj"), of("mr"))).toContain("Nothing can be compared: the first has subj, the second mr.");
  expect(said(of("subj"), simulatedExperiment([]))).toContain("Nothing can be compared: the second experiment has no run.");
  expect(said(simulatedComparison(), simulatedSplits())).toContain("under the same conditions");
});

test("what has to be known of a comparison is said under it", () => {
  const runs = simulatedComparison().runs.filter(({ task }) => task === "subj");
  const shorter = runs.filter(({ method }) => method !== "adapter").map((run) => faster(run, run.correct?.slice(1) ?? null));
  const text = renderComparison(compareExperiments(simulatedExperiment(runs), simulatedExperiment(shorter)));
  expect(text).toContain("The test rows on subj are not the same (another split or data file)");
  expect(text).toContain("Only in the first: Adapter.");
  const one = (method: "lora" | "adapter", rows: string) =>
    simulatedExperiment([simulatedRun({ method, task: "subj", seed: 1 })], {
      data: [{ task: "subj", numTrain: 7, numValidation: 3, numTest: 400, notes: [], rows }],
    });
  const other = renderComparison(compareExperiments(one("lora", "aa"), one("adapter", "bb")));
  expect(other).toContain("Each side has one method on these tasks, so methods of different names are compared.");
  expect(other).toContain("The data files on subj are not the same (their hashes differ): test rows are not paired");
});
