import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { writeSafetensors } from "../backbone/safetensors.ts";
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

test("another safetensors file is refused with a sentence", () => {
  expect(() => readPromptsFile(writeSafetensors(params, {}), () => presets.demo)).toThrow("holds no tuned prompts");
});
