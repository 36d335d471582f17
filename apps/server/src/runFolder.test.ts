import { type MethodName, methods, presets, type RunSettings } from "@tutti/core";
import { runSettingsSchema } from "@tutti/protocol";
import { expect, test } from "vitest";
import { deriveRunId } from "./runFolder.ts";

/** Ends of the ids that folders of earlier versions have. */
const idsOfPresets = { official: "8958bfa1", default: "f9bd15db", demo: "aec97025" } as const;
const idsOfMethods: readonly (readonly [MethodName, string])[] = [
  ["adapter", "243cb9b9"],
  ["fedPrompt", "b4726b56"],
  ["pTuningV2", "ac56a2f7"],
  ["promptTuning", "cc482583"],
  ["idpg", "85cfe4f7"],
  ["attempt", "ef631676"],
  ["latePrompt", "096cd814"],
  ["momSAdamD", "9f301c71"],
  ["lora", "a0111aaa"],
  ["full", "0ddc12e2"],
  ["scaffold", "1ff23dbd"],
  ["fedAdam", "da7ac82e"],
  ["local", "6ae20dae"],
  ["pooled", "837ce502"],
  ["pTuningV2FineTuned", "ec14ef30"],
];

const idOf = (run: RunSettings) => deriveRunId(runSettingsSchema.parse(run));

test("a run's id is that of earlier versions, so that the same command finds its folder again", () => {
  for (const [name, end] of Object.entries(idsOfPresets)) {
    expect(idOf(presets[name as keyof typeof idsOfPresets]), name).toBe(`feedback-topic-seed42-${end}`);
  }
  for (const [name, end] of idsOfMethods) {
    expect(idOf(methods[name].settings(presets.default)), name).toBe(`feedback-topic-seed42-${end}`);
  }
});

test("the order in which a settings file names things does not change a run's id", () => {
  const reversed = Object.fromEntries(Object.entries(presets.demo).reverse());
  expect(idOf(reversed as unknown as RunSettings)).toBe(idOf(presets.demo));
});
