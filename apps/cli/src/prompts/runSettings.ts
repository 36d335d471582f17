import type { RunSettings } from "@tutti/core";
import { runSettingsSchema, settingFaults } from "@tutti/protocol";

/** The settings that a file of tuned prompts names; throws a sentence that lists every fault. */
export function parseRunSettings(settings: unknown): RunSettings {
  const parsed = runSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new Error(`the settings that the prompts were tuned with are refused: ${settingFaults(runSettingsSchema, settings).join("; ")}`);
}
