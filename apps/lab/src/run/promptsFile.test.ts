import { writeSafetensors } from "@tutti/model";
import { exampleReport } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { readPromptsFile, writePromptsFile } from "./promptsFile.ts";

const params = { "head/bias": { shape: [4], data: new Float32Array([1, -2, 0.25, 3]) } };

test("a prompts file gives back the parameters bit by bit and the run's settings", () => {
  const { settings } = exampleReport;
  const read = readPromptsFile(writePromptsFile({ runId: "r1", settings, params }));
  expect(read).toEqual({ runId: "r1", settings, params });
});

test("another safetensors file is refused with a sentence", () => {
  expect(() => readPromptsFile(writeSafetensors(params, {}))).toThrow("holds no tuned prompts");
});
