import { initialParams, type Params, presets, type RunSettings, type TaskSpec } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { computeTask } from "./deviceTasks.ts";
import type { Reader } from "./reader.ts";
import type { TaskInput } from "./taskInput.ts";
import { tinyWorkplace } from "./testing/tinyWorkplace.ts";
import type { DeviceExamples, Workplace } from "./workplace.ts";

const run: RunSettings = presets.demo;
const scoreSpec = { kind: "score", selector: "score", minBatch: 2, dropout: false, maskPadding: true, scoreLastLayer: false } as const;
let place: Workplace;
let examples: DeviceExamples;
let params: Params;

beforeAll(async () => {
  await startBackend("wasm");
  place = tinyWorkplace(run, 20);
  examples = place.examplesOf({ kind: "share", index: 4 });
  params = initialParams(place.layout.entries, place.random);
});

function input(spec: TaskSpec): TaskInput {
  const expects = { shapes: {}, encoding: "f32", batchSize: 3, numExamples: examples.train.length } as const;
  const task = { deviceId: 4, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global: params }, expects } as const;
  return { place, examples, task, state: null };
}

test("the scoring batch is the task's B, and larger where the task asks for more", async () => {
  const batches: number[] = [];
  const encode: Reader["encode"] = (rows) => {
    batches.push(rows.length);
    return place.reader.encode(rows);
  };
  const watched = { ...place, reader: { ...place.reader, encode } };
  for (const minBatch of [2, 8, 50]) await computeTask({ ...input({ ...scoreSpec, minBatch }), place: watched });
  await computeTask({ ...input({ kind: "probe", lanczosSteps: 1 }), place: watched });
  expect(batches).toEqual([3, 8, 20, 3]);
});

test("scoring drops prompt values only where the task says so", async () => {
  const scores = async (dropout: boolean, promptDropout: number) => {
    const task = input({ ...scoreSpec, dropout });
    const { body } = await computeTask({ ...task, place: { ...place, run: { ...run, tuning: { ...run.tuning, promptDropout } } } });
    return body;
  };
  expect(await scores(false, 0.5)).toEqual(await scores(false, 0));
  expect(await scores(true, 0)).toEqual(await scores(false, 0));
  expect(await scores(true, 0.5)).not.toEqual(await scores(false, 0));
});

test("each protocol and split is answered from rows of its own", async () => {
  const { body } = await computeTask(
    input({ kind: "evaluate", protocols: ["personalised", "global", "newcomer"], splits: ["test", "validation"] }),
  );
  const results = body.kind === "evaluate" ? body.results : [];
  const found = results.map((result) => {
    const rows = "confusion" in result ? result.confusion : [];
    return [result.protocol, result.split, rows.map((row) => row.reduce((a, b) => a + b, 0))];
  });
  const perClass = (rows: DeviceExamples["train"]) => [0, 1, 2].map((label) => rows.filter((row) => row.label === label).length);
  expect(found).toEqual([
    ["personalised", "test", perClass(examples.personalised)],
    ["personalised", "validation", [0, 0, 0]],
    ["global", "test", perClass(examples.globalTest)],
    ["global", "validation", perClass(examples.globalValidation)],
    ["newcomer", "test", perClass(examples.globalTest)],
    ["newcomer", "validation", perClass(examples.globalValidation)],
  ]);
});

test("a device with nothing of its own predicts its rows once, for itself and for newcomers", async () => {
  const [name, own] = ["head/bias", params["head/bias"]]; // prompts change nothing while the head is zero
  const answerOf = async (local: typeof params, global: typeof params) => {
    const read: number[] = [];
    const evaluate: Reader["evaluate"] = (values, rows, options) => {
      read.push(rows.length);
      return place.reader.evaluate(values, rows, options);
    };
    const asked = input({ kind: "evaluate", protocols: ["global", "newcomer"], splits: ["test"] });
    const task = { ...asked.task, parameterSets: { global, initial: params } };
    const state = { local, moments: null, stageSteps: 0, stage: "train" as const };
    const { body } = await computeTask({ ...asked, task, state, place: { ...place, reader: { ...place.reader, evaluate } } });
    return { read, losses: body.kind === "evaluate" ? body.results.map(({ lossSum }) => lossSum) : [] };
  };
  const { [name]: _, ...others } = params;
  const moved = { [name]: { shape: own.shape, data: own.data.map((value, i) => value + Math.sin(i)) } };
  const rows = examples.globalTest.length;
  const shared = await answerOf(moved, params); // what is shared is not the device's own
  expect(shared.read).toEqual([rows]);
  expect(shared.losses[1]).toBe(shared.losses[0]);
  const personal = await answerOf(moved, others);
  expect(personal.read).toEqual([rows, rows]);
  expect(personal.losses[1]).toBe(shared.losses[0]);
  expect(personal.losses[0]).not.toBe(shared.losses[0]);
});
