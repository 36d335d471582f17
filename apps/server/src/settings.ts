import { followed, type RunSettings } from "@tutti/core";
import { nearestOf, shown } from "@tutti/protocol";
import { type CoordinatorConfig, parseConfig } from "./config.ts";

/** A value as a settings file or flags give it: names to values, at any depth. */
export type Overrides = { readonly [name: string]: unknown };

/** Where a configuration comes from; later ones win. */
export interface SettingsSources {
  readonly presets: Readonly<Record<string, RunSettings>>;
  /** The preset to start from, unless the file names one. */
  readonly preset: string;
  /** Coordinator settings that file and flags lie over. */
  readonly doors?: Overrides;
  /** A settings file: any coordinator name, `preset`, and `run` with the names that differ from the preset. */
  readonly file?: Overrides;
  /** The file's path, for what is said of its faults. */
  readonly name?: string | undefined;
  /** The command line's flags in the same shape; a `preset` here wins over the file's. */
  readonly flags?: Overrides;
}

/** Preset, file and flags as one parsed configuration. Throws a ConfigError with a line for each fault. */
export function mergeSettings({ presets, preset, doors = {}, file = {}, name: path, flags = {} }: SettingsSources): CoordinatorConfig {
  const { preset: filePreset, ...fileRest } = file;
  const { preset: flagPreset, ...flagRest } = flags;
  const name = flagPreset ?? filePreset ?? preset;
  const isKnown = typeof name === "string" && Object.hasOwn(presets, name);
  const base = presets[isKnown ? name : preset];
  const asked = mergeDeep(fileRest, flagRest);
  const merged = mergeDeep({ ...(name === "public" ? publicDoors : {}), ...doors, run: base }, asked);
  return parseConfig(mergeDeep(merged, fitted(merged, base, asked)), {
    name: path,
    known: isKnown ? [] : [presetFault(name, Object.keys(presets))],
  });
}

/** Who may come into runs with strangers in them: the coordinator's part of the preset `public`. */
export const publicDoors = { admission: "code", stateHosts: "trusted", reservationMs: 300_000 } as const;

function presetFault(name: unknown, names: readonly string[]): string {
  const [nearest] = typeof name === "string" ? nearestOf(name, names, (one) => one) : [];
  const meant = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return `preset: found ${shown(name)}, expected one of ${names.join(", ")}${meant}`;
}

/** What follows the number of devices and was not asked for. */
function fitted(merged: unknown, base: RunSettings | undefined, asked: unknown): Overrides {
  if (base === undefined || !isPlainObject(merged) || !isPlainObject(merged.run)) return {};
  const wanted = isPlainObject(asked) && isPlainObject(asked.run) ? asked.run : {};
  return { run: followed(merged.run, base, (name) => wanted[name] !== undefined) };
}

/**
 * `over` laid on `base`: objects are merged name by name, anything else is replaced, undefined changes nothing.
 * An object whose tag (`kind`, `name`, `method` or `module`) changes is replaced as a whole, since the other variant's names do not fit it.
 */
export function mergeDeep(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlainObject(base) || !isPlainObject(over) || tagChanges(base, over)) return over;
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) merged.set(name, mergeDeep(merged.get(name), value));
  return Object.fromEntries(merged);
}

function tagChanges(base: Overrides, over: Overrides): boolean {
  return ["kind", "name", "method", "module"].some(
    (tag) => Object.hasOwn(over, tag) && Object.hasOwn(base, tag) && over[tag] !== base[tag],
  );
}

/** Whether a value has names, as an object of a settings file. */
export function isPlainObject(value: unknown): value is Overrides {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
