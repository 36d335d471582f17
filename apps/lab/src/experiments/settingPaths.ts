import { mergeDeep } from "@tutti/server";
import { ExperimentError } from "./experimentFile.ts";

type Names = Readonly<Record<string, unknown>>;

const isNames = (value: unknown): value is Names => typeof value === "object" && value !== null && !Array.isArray(value);

/** The settings with a value at a dotted path that is there already; objects are laid over what stands there. */
export function withSetting(settings: Names, path: string, value: unknown): Names {
  return withAt(settings, path.split("."), value, path);
}

/** All changes, in their order. */
export function withSettings(settings: Names, changes: Names): Names {
  return Object.entries(changes).reduce((result, [path, value]) => withSetting(result, path, value), settings);
}

function withAt(settings: Names, [name = "", ...rest]: readonly string[], value: unknown, path: string): Names {
  if (!Object.hasOwn(settings, name)) {
    throw new ExperimentError(`${path}: there is no ${name} in these settings; expected one of ${Object.keys(settings).join(", ")}`);
  }
  const current = settings[name];
  if (rest.length === 0) return { ...settings, [name]: mergeDeep(current, value) };
  if (!isNames(current)) throw new ExperimentError(`${path}: ${name} is ${JSON.stringify(current)} and has no names below it`);
  return { ...settings, [name]: withAt(current, rest, value, path) };
}
