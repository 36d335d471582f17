import type { Device, PlannedTask, RoundPlan } from "@tutti/core";
import { presets, tunings } from "@tutti/core";
import { expect, test } from "vitest";
import { openStep } from "./openStep.ts";
import { taskTimes } from "./taskTimes.ts";

const shape = {
  numLayers: 1,
  layerNames: [["lora/0/query/b"]],
  alwaysShared: [],
  backbone: { numValues: 9000, numLayerValues: 6000, numLayers: 1, hiddenSize: 4, innerSize: 16 },
};
const run = { ...presets.demo, tuning: { ...presets.demo.tuning, ...tunings.lora.defaults }, contributionEncoding: "f32" } as const;
const machine = { flopsPerSecond: 1e6, memoryBytes: 1e9, bytesPerSecond: 1000, baseForm: "unpacked", bits: 8 } as const;
const task = (deviceId: number): PlannedTask => ({
  deviceId,
  spec: { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: true },
  parameterSets: { global: 0 },
  expects: { shapes: { "lora/0/query/b": [4, 2] }, encoding: "f32", batchSize: 8, numExamples: 10 },
});
const plan: RoundPlan = {
  stage: "train",
  round: 1,
  step: 1,
  attempt: 1,
  payloads: [{}],
  tasks: [2, 0, 1, 3].map(task),
  deadlineMs: null,
  quorum: 1,
  numDevices: 4,
};

test("times are of devices whose machine is known and whose contribution came, each beside what the machine's costs say", () => {
  const step = openStep(plan, { runId: "run", payloads: [], now: 0 });
  const timed = (deviceId: number, sentAt: number | null, arrivedAt: number | null) =>
    Object.assign(step.byDevice.get(deviceId) ?? {}, { sentAt, arrivedAt });
  timed(0, 1000, 3500.4);
  timed(1, 1000, null);
  timed(2, 1200, 9200);
  timed(3, 1000, 2000);
  const roster: Device[] = [0, 1, 2, 3].map((id) => ({ id, numExamples: 10, isConnected: true, ...(id === 3 ? {} : { machine }) }));
  // 320 tokens: 4 · 320 · 6000 / 1e6 s, and 8 values of (6 · 320 + 24 · 2) / 1e6 + 8 / 1000 s
  const plannedSeconds = Math.round(1000 * (7.68 + 8 * (0.001968 + 0.008))) / 1000;
  expect(taskTimes(step, roster, { run, shape, tokensPerText: 32 })).toEqual([
    { deviceId: 0, seconds: 2.5, plannedSeconds },
    { deviceId: 2, seconds: 8, plannedSeconds },
  ]);
  expect(taskTimes(null, roster, { run, shape, tokensPerText: 32 })).toEqual([]);
});
