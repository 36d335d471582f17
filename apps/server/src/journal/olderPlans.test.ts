import { expect, test } from "vitest";
import { tinyRun } from "../testing/tinyRun.ts";
import { type OlderTask, readTask } from "./olderPlans.ts";

const tensor = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
const payloads = [{ "prefix/0": tensor([2, 3]), "prefix/1": tensor([2, 3]), "head/bias": tensor([4]) }, { "prefix/2": tensor([2, 3]) }];
const base = tinyRun();
const run = { ...base, contributionEncoding: "int8", training: { ...base.training, localEpochs: 3, batchSize: 5 } } as const;
const surroundings = { run, payloads, numExamples: (deviceId: number) => 10 + deviceId };
const sharedNames = ["prefix/1", "head/bias"];

test("an older train task gets what the run's settings and its payload said", () => {
  const older: OlderTask = {
    deviceId: 7,
    spec: { kind: "train", warmupSteps: 4, sharedNames, isPersonalised: true },
    params: 0,
    initial: 1,
  };
  const expects = { shapes: { "prefix/1": [2, 3], "head/bias": [4] }, encoding: "int8", batchSize: 5, numExamples: 17 };
  const read = readTask(older, surroundings);
  expect(read).toEqual({
    deviceId: 7,
    spec: { kind: "train", warmupSteps: 4, epochs: 3, isPersonalised: true },
    parameterSets: { global: 0, initial: 1 },
    expects,
  });
  const corrected = readTask({ ...older, spec: { ...older.spec, epochs: 9 } as OlderTask["spec"], correction: 1 }, surroundings);
  expect(corrected).toMatchObject({ spec: { epochs: 9 }, parameterSets: { global: 0, initial: 1, correction: 1 } });
  expect(readTask(read, surroundings)).toBe(read);
});

test("of an older task that does not train, nothing travels back", () => {
  const spec = { kind: "evaluate", protocols: ["global"], splits: ["test"] } as const;
  expect(readTask({ deviceId: 0, spec, params: 0 }, surroundings)).toEqual({
    deviceId: 0,
    spec,
    parameterSets: { global: 0 },
    expects: { shapes: {}, encoding: "int8", batchSize: 5, numExamples: 10 },
  });
});
