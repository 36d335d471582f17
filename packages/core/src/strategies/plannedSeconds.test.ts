import { expect, test } from "vitest";
import type { PlannedTask } from "../task.ts";
import { loraRun } from "../testing/loraRun.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { plannedSeconds } from "./plannedSeconds.ts";

const backbone = { numValues: 9000, numLayerValues: 6000, numLayers: 3, hiddenSize: 4, innerSize: 16 };
const shape: TunedShape = {
  numLayers: 3,
  layerNames: [["lora/0/query/b"], ["lora/1/query/b"], ["lora/2/query/b"]],
  alwaysShared: ["head/bias"],
  backbone,
};
const machine = { flopsPerSecond: 1e6, memoryBytes: 1e9, bytesPerSecond: 1000, baseForm: "unpacked" } as const;
const run = loraRun();
const task = (shapes: PlannedTask["expects"]["shapes"]): PlannedTask => ({
  deviceId: 0,
  spec: { kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: true },
  parameterSets: { global: 0 },
  expects: { shapes, encoding: "f32", batchSize: 8, numExamples: 10 },
});

test("a task takes its examples' passes through the layers, its trained values' work, and the time on the link", () => {
  // 10 examples, 2 epochs, 32 tokens: 640 of them, and 4 steps
  const passes = (4 * 640 * 6000) / 1e6;
  const perValue = (6 * 640 + 24 * 4) / 1e6 + 8 / 1000;
  const all = { "lora/0/query/b": [4, 2], "lora/2/query/b": [4, 2], "head/bias": [3] };
  expect(plannedSeconds(task(all), machine, { run, shape, tokensPerText: 32 })).toBeCloseTo(passes + 19 * perValue, 9);
  // gradients go back through the last layer alone: 1/2 + 1/2 · 1/3
  expect(plannedSeconds(task({ "lora/2/query/b": [4, 2] }), machine, { run, shape, tokensPerText: 32 })).toBeCloseTo(
    (passes * 2) / 3 + 8 * perValue,
    9,
  );
});

test("a strategy's own plan counts, and nothing is said of other tasks and of unknown backbones", () => {
  const train = task({ "lora/2/query/b": [4, 2] });
  const plan = { bits: 8, batchSize: 8, ranks: [2], numValues: 8, seconds: 7.5, memoryBytes: 1, underUse: 0, machine } as const;
  expect(plannedSeconds({ ...train, plan }, machine, { run, shape, tokensPerText: 32 })).toBe(7.5);
  expect(
    plannedSeconds({ ...train, spec: { kind: "evaluate", protocols: [], splits: [] } }, machine, { run, shape, tokensPerText: 32 }),
  ).toBeNull();
  const { backbone: _, ...unknown } = shape;
  expect(plannedSeconds(train, machine, { run, shape: unknown, tokensPerText: 32 })).toBeNull();
});
