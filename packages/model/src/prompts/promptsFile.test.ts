import { createRandom, initialParams, presets, type RunSettings, tunings } from "@tutti/core";
import { expect, test } from "vitest";
import { writeSafetensors } from "../backbone/safetensors.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { openPromptsFile, readPromptsFile, writePromptsFile } from "./promptsFile.ts";

const params = { "head/bias": { shape: [4], data: new Float32Array([1, -2, 0.25, 3]) } };

test("a prompts file gives back the parameters bit by bit and the run's settings", () => {
  const settings = presets.demo;
  const checked: unknown[] = [];
  const read = readPromptsFile(writePromptsFile({ runId: "r1", settings, params }), (found) => {
    checked.push(found);
    return settings;
  });
  expect(checked).toEqual([settings]);
  expect(read).toEqual({ runId: "r1", settings, params });
});

test("a prompts file of a task whose answers are texts says how it asks", () => {
  const settings = { ...presets.demo, task: "replies", tuning: { ...presets.demo.tuning, head: "labelWords" as const } };
  const file = writePromptsFile({ runId: "r2", settings, params });
  const { metadata } = openPromptsFile(file);
  expect(metadata).toMatchObject({ task: "replies", template: '{"kind":"text","text":"{text} reply : {answer}"}' });
  expect(metadata.classes).toBeUndefined();
  expect(readPromptsFile(file, () => settings).settings).toEqual(settings);
});

test("of tensor trains a prompts file holds every core under its name, with its ranks and factor as its shape", () => {
  const own = { ...tunings.tensorTrain.defaults, bottleneck: 6, rank: 2, maxFactor: 8 };
  const { promptDropout, positionsAfterPrefix, lossOver } = presets.demo.tuning;
  const tuning = { ...own, promptDropout, positionsAfterPrefix, lossOver, head: "labelWords" } as const;
  const settings: RunSettings = { ...presets.demo, tuning, strategy: { name: "fedTt", moving: "one" } };
  const cores = initialParams(tunedLayout(goldenBackbone("roberta").config, tuning, 4).entries, createRandom(3));
  const { params: read, metadata } = openPromptsFile(writePromptsFile({ runId: "r3", settings, params: cores }));
  expect(read).toEqual(cores);
  expect(JSON.parse(metadata.settings ?? "")).toMatchObject({ tuning: { method: "tensorTrain", bottleneck: 6, rank: 2, maxFactor: 8 } });
  const of = (matrix: string) => [0, 1, 2].map((index) => read[`tensorTrain/0/attention/${matrix}/${index}`]?.shape);
  for (const matrix of ["down", "up"])
    expect(of(matrix)).toEqual([
      [1, 8, 2],
      [2, 4, 2],
      [2, 6, 1],
    ]); // 32 is 8 · 4
});

test("another safetensors file is refused with a sentence", () => {
  expect(() => readPromptsFile(writeSafetensors(params, {}), () => presets.demo)).toThrow("holds no tuned prompts");
});
