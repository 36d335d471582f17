import type { RunRecord } from "./runRecord.ts";

/** A setting that is not the same on both sides. */
export interface SettingDifference {
  /** Such as `training.clientLearningRate`. */
  readonly path: string;
  readonly first: string;
  readonly second: string;
}

/** Settings that do not agree between the sides of some pair, with all values that a side has; task and seed are no settings here. */
export function differingSettings(pairs: readonly (readonly [readonly RunRecord[], readonly RunRecord[]])[]): SettingDifference[] {
  const found = new Map<string, { first: Set<string>; second: Set<string> }>();
  for (const [first, second] of pairs) {
    const [a, b] = [valuesOf(first), valuesOf(second)];
    for (const path of new Set([...a.keys(), ...b.keys()])) {
      const [x, y] = [a.get(path) ?? absent, b.get(path) ?? absent];
      if (x === y) continue;
      const known = found.get(path) ?? { first: new Set<string>(), second: new Set<string>() };
      known.first.add(x);
      known.second.add(y);
      found.set(path, known);
    }
  }
  return [...found].map(([path, { first, second }]) => ({ path, first: [...first].join(" or "), second: [...second].join(" or ") }));
}

const absent = "absent";

/** Every setting of some runs by dotted path; runs of a line that disagree show all their values. */
function valuesOf(runs: readonly RunRecord[]): Map<string, string> {
  const all = new Map<string, Set<string>>();
  for (const { settings, backend } of runs) {
    const { seed, task, maxDevices, ...others } = settings; // older results do not say the bound of an open roster
    for (const [path, value] of flatten({ ...others, backendInUse: backend })) all.set(path, (all.get(path) ?? new Set()).add(value));
  }
  return new Map([...all].map(([path, values]) => [path, [...values].sort().join(" or ")]));
}

function flatten(value: unknown, path = ""): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, inner]) => flatten(inner, path === "" ? name : `${path}.${name}`));
}
