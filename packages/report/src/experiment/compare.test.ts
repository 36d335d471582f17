import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { LabRun } from "@tutti/record";
import { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSource, simulatedSplits } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { compareExperiments } from "./compare.ts";
import { renderComparison } from "./comparisonText.ts";
import { writeReport } from "./index.ts";
import { readExperimentResult } from "./readResult.ts";

const faster = (run: LabRun, correct = run.correct): LabRun => ({
  ...run,
  correct,
  settings: { ...run.settings, training: { ...run.settings.training, clientLearningRate: 0.05 } },
});

test("lines of the same name are compared with the settings that differ and an interval", () => {
  const bases = [1, 2, 3].map((seed) => simulatedRun({ method: "lora", task: "subj", seed }));
  const [base] = bases;
  if (base === undefined) throw new Error("there are three");
  const first = bases.map((run) => ({ ...run, correct: "1".repeat(120) + "0".repeat(280) }));
  const second = bases.map((run) => faster(run, "1".repeat(200) + "0".repeat(200)));
  const comparison = compareExperiments(simulatedExperiment(first, { name: "a" }), simulatedExperiment(second, { name: "b" }));
  expect(comparison.settings).toEqual([
    { path: "training.clientLearningRate", first: String(base.settings.training.clientLearningRate), second: "0.05" },
  ]);
  const [cell] = comparison.cells;
  expect([cell?.task, cell?.firstLabel, cell?.paired?.difference, cell?.paired?.isTie]).toEqual(["subj", "LoRA", 0.2, false]);
  const text = renderComparison(comparison);
  expect(text).toMatch(/training\.clientLearningRate +0\.01 +0\.05/);
  expect(text).toMatch(/global .* second is better +of 400 texts/);
  const few = renderComparison(compareExperiments(simulatedExperiment(first.slice(1)), simulatedExperiment(second.slice(1))));
  expect(few).toMatch(/global .* \+0\.160 to \+0\.240 +of 400 texts/);
  expect(few).not.toContain("is better");
  expect(few).toContain("With fewer than 3 seeds on a side nothing is known of how the numbers vary from seed to seed");
});

test("an experiment compared with itself differs in nothing and ties everywhere", () => {
  const comparison = compareExperiments(simulatedSplits(), simulatedSplits());
  expect(comparison.settings).toEqual([]);
  expect(comparison.cells.map(({ paired }) => [paired?.difference, paired?.isTie])).toEqual(Array.from({ length: 6 }, () => [0, true]));
  expect(renderComparison(comparison)).toContain("No setting differs.");
});

test("one line on each side is compared whatever it is called, which is said", () => {
  const { cells, notes } = compareExperiments(
    simulatedExperiment([simulatedRun({ method: "lora", task: "subj", seed: 1 })]),
    simulatedExperiment([simulatedRun({ method: "adapter", task: "subj", seed: 2 })]),
  );
  expect(cells.map(({ firstLabel, secondLabel }) => [firstLabel, secondLabel])).toEqual([["LoRA", "Adapter"]]);
  expect(notes.join(" ")).toMatch(/different names.*different seeds/);
});

test("an axis with several values on one side and one on the other still tells lines and columns apart", () => {
  const of = (axis: string, value: number, alpha?: number) => {
    const run = simulatedRun({ method: "fedPrompt", task: "feedback/topic", seed: 1, variant: { [axis]: value } });
    return alpha === undefined
      ? run
      : { ...run, settings: { ...run.settings, partition: { kind: "dirichletLabel", dirichletAlpha: alpha } as const } };
  };
  const compared = (first: readonly LabRun[], second: readonly LabRun[]) =>
    [
      [first, second],
      [second, first],
    ].map(([one = [], other = []]) =>
      compareExperiments(simulatedExperiment(one), simulatedExperiment(other)).cells.map(({ task, firstLabel, secondLabel }) =>
        [task, firstLabel, secondLabel].join(" | "),
      ),
    );
  const line = ["feedback/topic | FedPrompt, epochs 1 | FedPrompt, epochs 1"];
  expect(compared([of("epochs", 1), of("epochs", 2)], [of("epochs", 1)])).toEqual([line, line]);
  const column = ["feedback/topic, alpha 1 | FedPrompt | FedPrompt"];
  expect(compared([of("alpha", 0.1, 0.1), of("alpha", 1, 1)], [of("alpha", 1, 1)])).toEqual([column, column]);
});

test("an axis with one value on each side, and not the same, is a setting that differs", () => {
  const of = (epochs: number) => simulatedExperiment([simulatedRun({ method: "lora", task: "subj", seed: 1, variant: { epochs } })]);
  expect(compareExperiments(of(1), of(2)).cells.map(({ firstLabel, secondLabel }) => [firstLabel, secondLabel])).toEqual([
    ["LoRA", "LoRA"],
  ]);
});

test("other test rows leave no interval, and lines of one side alone are named", () => {
  const runs = simulatedComparison().runs.filter(({ task }) => task === "subj");
  const shorter = runs.filter(({ method }) => method !== "adapter").map((run) => faster(run, run.correct?.slice(1) ?? null));
  const { cells, notes } = compareExperiments(simulatedExperiment(runs), simulatedExperiment(shorter));
  expect(cells.every(({ paired }) => paired === null)).toBe(true);
  expect(notes.join(" ")).toContain("test rows are not the same on subj");
  expect(notes.join(" ")).toContain("Only in the first: Adapter.");
});

test("what cannot be compared is said in a sentence", () => {
  const of = (task: string) => simulatedExperiment([simulatedRun({ method: "lora", task, seed: 1 })]);
  expect(compareExperiments(of("subj"), of("mr")).notes).toEqual(["Nothing can be compared: the first is of subj, the second of mr."]);
  expect(compareExperiments(of("subj"), simulatedExperiment([])).notes).toEqual([
    "Nothing can be compared: the second experiment has no run.",
  ]);
  expect(compareExperiments(simulatedComparison(), simulatedSplits()).notes[0]).toContain("under the same conditions");
});

test("a folder's result reads back as it was written, and what is none is refused", async () => {
  const { path, remove } = temporaryFolder();
  try {
    const files = await writeReport(simulatedSplits(), join(path, "out"));
    expect(files.map((file) => basename(file))).toEqual(["results.json", "report.html", "results.csv", "table.tex"]);
    expect(await readExperimentResult(join(path, "out"))).toEqual(simulatedSplits());
    await expect(readExperimentResult(path)).rejects.toThrow("results.json cannot be read: give the folder");
    await writeFile(join(path, "results.json"), '{"name":"x","title":"y","runs":[{"id":3}]}');
    await expect(readExperimentResult(path)).rejects.toThrow("is not a result of an experiment: runs.0.id");
  } finally {
    remove();
  }
});

test("as many rows of other files are not paired, and why is told; without hashes, or with the same, they are", () => {
  const runs = [simulatedRun({ method: "lora", task: "subj", seed: 1 })];
  const of = (rows?: string | null) =>
    simulatedExperiment(runs, {
      data: [{ task: "subj", numTrain: 7, numValidation: 3, numTest: 400, notes: [], ...(rows === undefined ? {} : { rows }) }],
    });
  const { cells, notes } = compareExperiments(of("aa"), of("bb"));
  expect(cells.map(({ paired, scores }) => [paired, scores.length])).toEqual([[null, 3]]);
  expect(notes.slice(0, 1)).toEqual([
    "The rows are not the same on subj: the hashes of the data files differ, so test rows are not paired, there is no interval and the difference means little.",
  ]);
  for (const [first, second] of [
    [of("aa"), of("aa")],
    [of("aa"), of()],
    [of(null), of("bb")],
  ] as const)
    expect(compareExperiments(first, second).cells[0]?.paired?.isTie).toBe(true);
});

test("a result from before commits, sources and hashes of rows were kept is read", async () => {
  const { path, remove } = temporaryFolder();
  try {
    await writeReport(simulatedSplits(), join(path, "old"));
    const old = await readExperimentResult(join(path, "old"));
    expect([old.sources, old.runs[0]?.commit, old.data[0]?.rows]).toEqual([undefined, undefined, undefined]);
    const stamped = simulatedSplits().runs.map((run) => ({ ...run, commit: null, machine: "one" }));
    await writeReport({ ...old, sources: [simulatedSource], runs: stamped }, join(path, "new"));
    expect((await readExperimentResult(join(path, "new"))).sources).toEqual([simulatedSource]);
  } finally {
    remove();
  }
});
