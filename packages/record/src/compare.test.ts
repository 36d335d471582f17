import { expect, test } from "vitest";
import { compareExperiments } from "./compare.ts";
import type { RunRecord } from "./runRecord.ts";
import { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSplits } from "./testing/simulatedExperiment.ts";

const faster = (run: RunRecord, correct = run.correct): RunRecord => ({
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
});

test("an experiment compared with itself differs in nothing and ties everywhere", () => {
  const comparison = compareExperiments(simulatedSplits(), simulatedSplits());
  expect(comparison.settings).toEqual([]);
  expect(comparison.cells.map(({ paired }) => [paired?.difference, paired?.isTie])).toEqual(Array.from({ length: 6 }, () => [0, true]));
});

test("one line on each side is compared whatever it is called, which is said", () => {
  const { cells, remarks } = compareExperiments(
    simulatedExperiment([simulatedRun({ method: "lora", task: "subj", seed: 1 })]),
    simulatedExperiment([simulatedRun({ method: "adapter", task: "subj", seed: 2 })]),
  );
  expect(cells.map(({ firstLabel, secondLabel }) => [firstLabel, secondLabel])).toEqual([["LoRA", "Adapter"]]);
  expect(remarks.map(({ kind }) => kind)).toEqual(["otherNames", "otherSeeds", "fewSeeds"]);
});

test("an axis with several values on one side and one on the other still tells lines and columns apart", () => {
  const of = (axis: string, value: number, alpha?: number) => {
    const run = simulatedRun({ method: "fedPrompt", task: "feedback/topic", seed: 1, variant: { [axis]: value } });
    return alpha === undefined
      ? run
      : { ...run, settings: { ...run.settings, partition: { kind: "dirichletLabel", dirichletAlpha: alpha } as const } };
  };
  const compared = (first: readonly RunRecord[], second: readonly RunRecord[]) =>
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
  const { cells, remarks } = compareExperiments(simulatedExperiment(runs), simulatedExperiment(shorter));
  expect(cells.every(({ paired }) => paired === null)).toBe(true);
  expect(remarks).toContainEqual({ kind: "otherRows", tasks: ["subj"] });
  expect(remarks).toContainEqual({ kind: "onlyIn", side: "first", lines: ["Adapter"] });
});

test("why nothing can be compared is told", () => {
  const of = (task: string) => simulatedExperiment([simulatedRun({ method: "lora", task, seed: 1 })]);
  expect(compareExperiments(of("subj"), of("mr")).remarks).toEqual([{ kind: "noTask", first: ["subj"], second: ["mr"] }]);
  expect(compareExperiments(of("subj"), simulatedExperiment([])).remarks).toEqual([{ kind: "noRun", side: "second" }]);
  expect(compareExperiments(simulatedComparison(), simulatedSplits()).remarks).toMatchObject([{ kind: "noLine", tasks: ["subj"] }]);
});

test("as many rows of other files are not paired, and why is told; without hashes, or with the same, they are", () => {
  const runs = [simulatedRun({ method: "lora", task: "subj", seed: 1 })];
  const of = (rows?: string | null) =>
    simulatedExperiment(runs, {
      data: [{ task: "subj", numTrain: 7, numValidation: 3, numTest: 400, notes: [], ...(rows === undefined ? {} : { rows }) }],
    });
  const { cells, remarks } = compareExperiments(of("aa"), of("bb"));
  expect(cells.map(({ paired, scores }) => [paired, scores.length])).toEqual([[null, 3]]);
  expect(remarks.slice(0, 1)).toEqual([{ kind: "otherData", tasks: ["subj"] }]);
  for (const [first, second] of [
    [of("aa"), of("aa")],
    [of("aa"), of()],
    [of(null), of("bb")],
  ] as const)
    expect(compareExperiments(first, second).cells[0]?.paired?.isTie).toBe(true);
});
