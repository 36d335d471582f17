import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { RunSettings } from "@tutti/core";
import { parse as parseYaml } from "yaml";
import { ConfigError, type CoordinatorConfig, nearestName, parseConfig } from "./config.ts";

/** A value as a settings file or flags give it: names to values, at any depth. */
export type Overrides = { readonly [name: string]: unknown };

/** Where a configuration comes from; later ones win. */
export interface SettingsSources {
  readonly presets: Readonly<Record<string, RunSettings>>;
  /** The preset to start from, unless the file names one. */
  readonly preset: string;
  /** A settings file: any coordinator name, `preset`, and `run` with the names that differ from the preset. */
  readonly file?: Overrides;
  /** The command line's flags in the same shape; a `preset` here wins over the file's. */
  readonly flags?: Overrides;
}

/** Preset, file and flags as one parsed configuration. Throws a ConfigError. */
export function mergeSettings({ presets, preset, file = {}, flags = {} }: SettingsSources): CoordinatorConfig {
  const { preset: filePreset, ...fileRest } = file;
  const { preset: flagPreset, ...flagRest } = flags;
  const name = flagPreset ?? filePreset ?? preset;
  if (typeof name !== "string" || !Object.hasOwn(presets, name)) {
    const names = Object.keys(presets);
    const nearest = typeof name === "string" ? nearestName(name, names) : null;
    throw new ConfigError(
      `preset: there is no preset ${JSON.stringify(name)}${nearest === null ? "" : `; did you mean ${nearest}?`} The presets are ${names.join(", ")}.`,
    );
  }
  const asked = mergeDeep(fileRest, flagRest);
  return parseConfig(mergeDeep({ run: presets[name] }, mergeDeep(asked, fittedToDevices(presets[name], asked))));
}

/**
 * Where fewer devices are asked for than the preset's cohort or start needs, and nothing is said about those, they become as many as there are:
 * numDevices of a fixed roster, maxDevices of an open one, which holds one for each share at least.
 */
function fittedToDevices(preset: RunSettings | undefined, asked: unknown): Overrides {
  const run = isPlainObject(asked) && isPlainObject(asked.run) ? asked.run : {};
  if (preset === undefined) return {};
  const isOpen = (run.roster ?? preset.roster) === "open";
  const shares = typeof run.numDevices === "number" ? run.numDevices : preset.numDevices;
  const most = typeof run.maxDevices === "number" ? run.maxDevices : Math.max(preset.maxDevices, shares);
  const bound = isOpen ? most : run.numDevices;
  if (typeof bound !== "number") return {};
  const tooMany = (["cohortSize", "minDevices"] as const).filter((name) => run[name] === undefined && preset[name] > bound);
  const fitted = Object.fromEntries(tooMany.map((name) => [name, bound]));
  const room = isOpen && run.maxDevices === undefined && most > preset.maxDevices ? { maxDevices: most } : {};
  return { run: { ...fitted, ...room } };
}

/**
 * `over` laid on `base`: objects are merged name by name, anything else is replaced, undefined changes nothing.
 * An object whose tag (`kind`, `name` or `method`) changes is replaced as a whole, since the other variant's names do not fit it.
 */
export function mergeDeep(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlainObject(base) || !isPlainObject(over) || tagChanges(base, over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) merged[name] = mergeDeep(Object.hasOwn(base, name) ? base[name] : undefined, value);
  return merged;
}

/** Reads a `.json`, `.yaml` or `.yml` file; throws a ConfigError that names the file and the fault. */
export function readSettingsFile(path: string): Overrides {
  const extension = extname(path).toLowerCase();
  if (![".json", ".yaml", ".yml"].includes(extension)) throw new ConfigError(`${path}: a settings file ends in .yaml, .yml or .json`);
  try {
    const text = readFileSync(path, "utf8");
    const value: unknown = extension === ".json" ? JSON.parse(text) : parseYaml(text);
    if (isPlainObject(value)) return value;
    if (value === null) return {};
  } catch (error) {
    throw new ConfigError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  throw new ConfigError(`${path}: expected names and values, found something else`);
}

function tagChanges(base: Overrides, over: Overrides): boolean {
  return ["kind", "name", "method"].some((tag) => Object.hasOwn(over, tag) && Object.hasOwn(base, tag) && over[tag] !== base[tag]);
}

function isPlainObject(value: unknown): value is Overrides {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
