import { methods, presets } from "@tutti/core";
import { expect, test } from "vitest";
import { experimentResultSchema } from "./experimentResult.ts";
import { runRecordSchema } from "./runRecord.ts";
import { experimentOfRun, identityOfRun } from "./singleRun.ts";
import { exampleRun } from "./testing/exampleRun.ts";
import { simulatedComparison, simulatedRun, simulatedSource } from "./testing/simulatedExperiment.ts";

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a record and an experiment read back from JSON as they were written", () => {
  expect(runRecordSchema.parse(throughJson(exampleRun))).toEqual(exampleRun);
  const experiment = { ...simulatedComparison(), sources: [simulatedSource] };
  expect(experimentResultSchema.parse(throughJson(experiment))).toEqual(experiment);
});

test("a record from before steps, commits and answers were kept reads, with nothing made up for them", () => {
  const old = simulatedRun({ method: "lora", task: "subj", seed: 1 });
  const { training, strategy, tuning, maxDevices, ...settings } = old.settings;
  const { optimizer, proximal, ...before } = training;
  const written = { ...old, settings: { ...settings, training: before, strategy, tuning } };
  const read = runRecordSchema.parse(throughJson(written));
  expect(read).toEqual(written);
  expect([read.steps, read.traffic, read.commit, read.final.personalised?.spread]).toEqual([undefined, undefined, undefined, undefined]);
});

test("a loss that was no number is null in JSON and no number again", () => {
  const scores = { score: 0.5, accuracy: 0.5, macroF1: 0.4, loss: Number.NaN };
  const read = runRecordSchema.parse(throughJson({ ...exampleRun, final: { global: scores } }));
  expect(read.final.global).toEqual(scores);
  const infinite = runRecordSchema.parse({ ...exampleRun, final: { global: { ...scores, loss: Number.POSITIVE_INFINITY } } });
  expect(infinite.final.global?.loss).toBe(Number.POSITIVE_INFINITY);
});

test("what is no record is refused with the place of the fault", () => {
  const paths = (change: object) => runRecordSchema.safeParse({ ...exampleRun, ...change }).error?.issues.map(({ path }) => path.join("."));
  expect(paths({ correct: "102" })).toEqual(["correct"]);
  expect(paths({ metric: "recall" })).toEqual(["metric"]);
  expect(paths({ final: { global: { score: 1 } } })).toContain("final.global.loss");
});

test("a run by itself is an experiment of one run with its name, commit and machine", () => {
  const startedAt = "2026-01-02T03:04:05.000Z";
  const experiment = experimentOfRun({ ...exampleRun, commit: "abc" }, { startedAt });
  expect(experiment).toMatchObject({
    name: exampleRun.id,
    title: "feedback/topic on minuet",
    commit: "abc",
    startedAt,
    machine: exampleRun.machine,
  });
  expect(experiment.runs).toEqual([{ ...exampleRun, commit: "abc" }]);
  expect(experimentResultSchema.parse(throughJson(experiment))).toEqual(experiment);
});

test("a run whose strategy is from a module is called by its title, file and SHA-256", () => {
  const strategy = { name: "module", module: "../mine/trimmed.ts", title: "Trimmed mean", sha256: "0123456789abcdef".repeat(4) } as const;
  const { method, methodTitle } = identityOfRun("a", { ...presets.demo, strategy }, "accuracy");
  expect([method, methodTitle]).toEqual(["settings", "Trimmed mean (trimmed.ts, SHA-256 0123456789ab)"]);
});

test("settings that are those of a method have its name and title, others are called these settings", () => {
  const lora = methods.lora.settings(presets.demo);
  expect(identityOfRun("a", lora, "accuracy")).toMatchObject({ method: "lora", methodTitle: "LoRA", seed: presets.demo.seed });
  const other = { ...lora, training: { ...lora.training, localEpochs: 7 } };
  expect(identityOfRun("a", other, "accuracy").method).toBe("lora"); // a budget is no method
  const own = { ...lora, strategy: { name: "fedAvg", fineTuneEpochs: 3 } } as const; // no method tunes LoRA once more
  expect(identityOfRun("a", own, "accuracy")).toMatchObject({ method: "settings", methodTitle: "These settings" });
  expect(identityOfRun("a", presets.demo, "accuracy").method).toBe("fedPepTao");
});
