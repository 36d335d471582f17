import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dealDataset, findTask, loadDataset, requireTextTask } from "@tutti/data";
import { runSettingsSchema } from "@tutti/protocol";
import type { StepRecord } from "@tutti/record";
import { publicFolder } from "@tutti/server/checkout";
import { expect, test } from "vitest";
import { bytesPerDeviceRound, driftByRound, runsOf } from "./fedPtRows.ts";
import { fedPtSettings, largeFederated, withoutDistillation } from "./fedPtSettings.ts";

const step = {
  stage: "train",
  round: 1,
  step: 1,
  attempt: 1,
  cohort: [],
  seconds: 1,
  firstLoss: null,
  lastLoss: null,
  evaluations: [],
} as const;
const steps: StepRecord[] = [
  { ...step, kind: "train", counted: [3, 1], bytesUp: 5000, bytesDown: 900 },
  { ...step, kind: "distil", counted: [0], bytesUp: 70, bytesDown: 80, computed: { numSteps: 2, firstLoss: 2, lastLoss: 1, drift: 0.5 } },
  { ...step, kind: "train", round: 2, counted: [0, 1, 2], bytesUp: 4000, bytesDown: 600 },
  { ...step, kind: "evaluate", round: 2, counted: [0, 1], bytesUp: 1e6, bytesDown: 1e6 },
];

test("bytes are those of training, shared out among the devices that took part in each round", () => {
  expect(bytesPerDeviceRound(steps)).toEqual({ up: 9000 / 5, down: 1500 / 5 });
  expect(bytesPerDeviceRound([])).toEqual({ up: 0, down: 0 });
});

test("the drift is that after each round's distillation", () => {
  expect(driftByRound(steps)).toEqual([{ round: 1, drift: 0.5 }]);
});

test("all rows need the run without distillation and the large model's own, and three need neither", () => {
  expect(runsOf("three")).toEqual(["fedpt"]);
  expect(runsOf("all")).toEqual(["fedpt", "averaged", "large"]);
});

test("each row has valid settings, which differ only in what is compared", () => {
  const run = fedPtSettings({ rounds: 3, seed: 7 });
  const [averaged, large] = [withoutDistillation(run), largeFederated(run)];
  for (const settings of [run, averaged, large]) expect(runSettingsSchema.parse(settings)).toEqual(settings);
  expect(averaged).toEqual({ ...run, strategy: { ...run.strategy, distillSteps: 0 } });
  expect(large).toMatchObject({ backbone: run.strategy.large, strategy: { name: "fedAvg" }, seed: 7, tuning: run.tuning });
});

test("without distillation the devices hold the same rows as in FedPT, and with the large model in the tabs the public ones too", async () => {
  const task = requireTextTask(findTask("replies"), "a test");
  const dataset = await loadDataset(task, (file) => readFile(join(publicFolder(), "datasets", task.dataset, file), "utf8"), 42);
  const run = fedPtSettings({});
  const rowsOf = (settings: typeof run) => dealDataset(task, dataset, settings).shares.map(({ train }) => train);
  const [own, averaged] = [rowsOf(run), rowsOf(withoutDistillation(run))];
  expect(averaged).toEqual(own);
  expect(new Set(own.flat()).size).toBe(dataset.train.length - Math.round(0.1 * dataset.train.length));
  expect(new Set(dealDataset(task, dataset, largeFederated(run)).shares.flatMap(({ train }) => train)).size).toBe(dataset.train.length);
});
