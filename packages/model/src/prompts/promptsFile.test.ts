import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { writeSafetensors } from "../backbone/safetensors.ts";
import { readPromptsFile, writePromptsFile } from "./promptsFile.ts";

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

test("another safetensors file is refused with a sentence", () => {
  expect(() => readPromptsFile(writeSafetensors(params, {}), () => presets.demo)).toThrow("holds no tuned prompts");
});
