import { branchFaults, type RunSettings } from "@tutti/core";
import { runSettingsSchema, settingFaults } from "@tutti/protocol";
import { parseDocument } from "yaml";
import { ConfigError } from "../config.ts";
import { mergeDeep, type Overrides } from "../settings.ts";

/** A run's settings with changes such as `training.clientLearningRate=0.01` laid over, whose values are YAML. Throws a ConfigError with a line for each fault. */
export function branchSettings(run: RunSettings, changes: readonly string[], round: number): RunSettings {
  const merged = changes.map(overridesOf).reduce<unknown>(mergeDeep, run);
  // of another strategy or tuning method nothing else would fit
  const tags = branchFaults(run, merged as RunSettings, round).filter((fault) => /^(strategy\.name|tuning\.method):/.test(fault));
  const faults = tags.length > 0 ? tags : settingFaults(runSettingsSchema, merged);
  if (faults.length > 0) throw new ConfigError(`the branch's settings were refused:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  return runSettingsSchema.parse(merged);
}

/** One change in the shape of a settings file's `run`. */
function overridesOf(change: string): Overrides {
  const at = change.indexOf("=");
  const path = change.slice(0, Math.max(0, at)).trim();
  if (path === "") throw new ConfigError(`--set ${change}: expected PATH=VALUE, such as training.clientLearningRate=0.01`);
  const value = path.split(".").reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), parsedValue(change, at));
  return value as Overrides;
}

function parsedValue(change: string, at: number): unknown {
  const document = parseDocument(change.slice(at + 1));
  const value: unknown = document.errors.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined;
  if (document.errors.length > 0 || value === null) {
    throw new ConfigError(`--set ${change}: the value is not YAML: expected a number, a word, true, false, or { name: value }`);
  }
  return value;
}
