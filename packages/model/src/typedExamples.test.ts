import { type Params, presets, type TaskExpectation, type TaskSpec } from "@tutti/core";
import { expect, test } from "vitest";
import { demoTrainer } from "./testing/demoTrainer.ts";

const labels = ["happy", "sad", "angry", "calm"].map((name) => ({ name, word: name }));
const typed = ["a sunny day", "I lost my key", "we won", "it rains again", "the cake was lovely", "my dog is ill"].map((text, index) => ({
  text,
  label: index % 2,
}));

test("P-193 every fifth typed text stays back: it is not trained on, and evaluations are of it", async () => {
  const training = { ...presets.demo.training, localEpochs: 1 };
  const { trainer, initial } = await demoTrainer({ training, task: "labels/happy.sad.angry.calm", labels, roster: "open" });
  expect(await trainer.addDevice(0, { kind: "own", examples: typed.slice(0, 4) })).toEqual({ numExamples: 4 });
  expect(await trainer.addDevice(0, { kind: "own", examples: typed })).toEqual({ numExamples: 5 });
  const compute = async (spec: TaskSpec, numExamples: number, parameters: Params = initial) => {
    const expects: TaskExpectation = { shapes: {}, encoding: "f16", batchSize: 8, numExamples };
    const { body } = await trainer.compute(
      { deviceId: 0, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global: parameters }, expects },
      null,
    );
    return body;
  };
  const evaluate: TaskSpec = { kind: "evaluate", protocols: ["global"], splits: ["validation", "test"] };
  const numOf = async (numExamples: number) => {
    const body = await compute(evaluate, numExamples);
    if (body.kind !== "evaluate") throw new Error("an evaluation was asked for");
    return body.results.map((result) => ("confusion" in result ? result.confusion.flat().reduce((a, b) => a + b, 0) : -1));
  };
  expect(await numOf(4)).toEqual([0, 0]); // a task from before the fifth text was typed
  expect(await numOf(5)).toEqual([0, 1]);
  await expect(numOf(4)).rejects.toThrow("device 0 holds 5 examples, its task is for 4");
});

test("P-132 a tab with more typed texts than count evaluates on no more than the coordinator takes", async () => {
  const run = { task: "labels/happy.sad.angry.calm", labels, roster: "open", maxCountedExamples: 4 } as const;
  const { trainer, initial } = await demoTrainer(run);
  const { numExamples } = await trainer.addDevice(0, { kind: "own", examples: [...typed, ...typed] });
  expect(numExamples).toBe(10); // of twelve, of which two stay back
  const spec: TaskSpec = { kind: "evaluate", protocols: ["global"], splits: ["test"] };
  const expects: TaskExpectation = { shapes: {}, encoding: "f16", batchSize: 8, numExamples };
  const task = { deviceId: 0, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global: initial }, expects } as const;
  const { body } = await trainer.compute(task, null);
  const counts = body.kind === "evaluate" ? body.results.map((result) => ("confusion" in result ? result.confusion.flat() : [])) : [];
  expect(counts.map((cells) => cells.reduce((a, b) => a + b, 0))).toEqual([1]);
});
