import { mergeDeep } from "@tutti/server";

type Names = Readonly<Record<string, unknown>>;

/** A setting that a part of a file gives another value. */
export interface Change {
  /** The part, such as `methods.0.set`. */
  readonly place: string;
  /** Dotted, such as `training.localEpochs`. */
  readonly path: string;
  readonly value: unknown;
}

const isNames = (value: unknown): value is Names => typeof value === "object" && value !== null && !Array.isArray(value);

/** What a part of a file changes by dotted path. */
export function changesOf(place: string, set: Names): Change[] {
  return Object.entries(set).map(([path, value]) => ({ place, path, value }));
}

/**
 * The settings with all changes, in their order; objects are laid over what stands there. A path that is not there makes names that are not known, so
 * that it is refused where everything is checked.
 */
export function withChanges(settings: Names, changes: readonly Change[]): Names {
  return changes.reduce((result, { path, value }) => withAt(result, path.split("."), value), settings);
}

/** Whether a dotted path leads to something in the settings. */
export function isThere(settings: unknown, path: string): boolean {
  const [name = "", ...rest] = path.split(".");
  if (!isNames(settings) || !Object.hasOwn(settings, name)) return false;
  return rest.length === 0 || isThere(settings[name], rest.join("."));
}

function withAt(settings: Names, [name = "", ...rest]: readonly string[], value: unknown): Names {
  const current = Object.hasOwn(settings, name) ? settings[name] : undefined;
  if (rest.length === 0) return { ...settings, [name]: mergeDeep(current, value) };
  return { ...settings, [name]: withAt(isNames(current) ? current : {}, rest, value) };
}
