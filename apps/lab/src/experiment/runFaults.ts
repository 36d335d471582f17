import { followed, presets, type RunSettings } from "@tutti/core";
import { type KnownName, knownNames, runSettingsSchema, settingFaults } from "@tutti/protocol";
import { mergeDeep } from "@tutti/server";
import type { Change } from "./settingChanges.ts";

/**
 * In the lab every device counts and nobody is late, unless a file says otherwise: so a busy machine changes no number. The backbone without
 * prompts is looked at beside the runs, once for all.
 */
export const inTheLab = { deadlineMs: null, quorum: 1, evaluateZeroShot: false };

/** The names below `settings`, for sentences about a name that stands elsewhere in an experiment's file. */
export const namesBelowSettings: readonly KnownName[] = knownNames(runSettingsSchema, ["settings"]);

/** What is wrong with the `settings` of an experiment's file by themselves, whatever the rest of it holds; a line for each fault. */
export function faultsOfSettings({ base, settings }: { base?: unknown; settings?: unknown }, others: readonly KnownName[]): string[] {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return [];
  const preset = Object.entries(presets).find(([name]) => name === base)?.[1] ?? presets.default;
  const merged = mergeDeep(mergeDeep(preset, inTheLab), settings) as Readonly<Record<string, unknown>>;
  return settingFaults(runSettingsSchema, withinDevices(merged, preset), { path: ["settings"], others });
}

/**
 * The settings with no follower beyond the number of devices, to be judged by themselves: whether one goes beyond it is judged run by run, since tasks,
 * methods and axes may give another number.
 */
export function withinDevices(settings: Readonly<Record<string, unknown>>, preset: RunSettings): Readonly<Record<string, unknown>> {
  const most = Number(settings.roster === "open" ? settings.maxDevices : settings.numDevices);
  return { ...settings, ...followed(settings, preset, (name) => name === "maxDevices" || !(Number(settings[name]) > most)) };
}

/** Where a run's settings come from, for what is said of its faults. */
export interface RunOrigin {
  /** Such as `LoRA on subj`. */
  readonly name: string;
  readonly changes: readonly Change[];
}

/** Faults of runs, each with the part of the file that made it and the runs that have it. */
export interface FaultList {
  /** Notes the faults of a run's settings; says whether there are none. */
  check(settings: unknown, origin: RunOrigin): boolean;
  /** Notes a sentence about a part of the file. */
  note(line: string): void;
  /** A line for each fault. */
  lines(): string[];
}

/** A list without faults. */
export function createFaultList(): FaultList {
  const found = new Map<string, string[]>();
  return {
    check(settings, { name, changes }) {
      const faults = settingFaults(runSettingsSchema, settings);
      for (const fault of faults) {
        const line = `${madeBy(fault, changes)}${fault}`;
        found.set(line, [...new Set([...(found.get(line) ?? []), name])]);
      }
      return faults.length === 0;
    },
    note: (line) => void found.set(line, []),
    lines: () => [...found].map(([line, names]) => `${line}${namesText(names)}`),
  };
}

/** The last change that gave a value at a fault's path, above it or below it. */
function madeBy(fault: string, changes: readonly Change[]): string {
  const path = fault.slice(0, fault.indexOf(": "));
  const isOn = (other: string) => other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`);
  const change = changes.findLast((one) => isOn(one.path));
  return change === undefined ? "" : `${change.place}: `;
}

function namesText([first, ...others]: readonly string[]): string {
  if (first === undefined) return "";
  return ` (${first}${others.length === 0 ? "" : ` and ${others.length} more`})`;
}
