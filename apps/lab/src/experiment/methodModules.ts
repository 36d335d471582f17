import type { Overrides } from "@tutti/server";

/**
 * An experiment as its file gives it, with each method `{ module: ./mine.ts, … }` written as these settings with that strategy. Where the experiment's
 * settings name a module, its method `settings` does so too, so that tables call it by the module.
 */
export function withMethodModules(file: Overrides): Overrides {
  const { methods, settings } = file;
  const strategy = isNames(settings) && isNames(settings.strategy) && "module" in settings.strategy ? settings.strategy : null;
  return Array.isArray(methods) ? { ...file, methods: methods.map((given) => withStrategy(given, strategy)) } : file;
}

function withStrategy(given: unknown, ofAll: Overrides | null): unknown {
  const method: unknown = given === "settings" ? { name: given } : given;
  if (!isNames(method)) return given;
  const { module, set, ...rest } = method;
  const strategy = module === undefined ? ofAll : { module };
  if (strategy === null || (module === undefined ? method.name !== "settings" : "name" in method)) return given;
  return { ...rest, name: "settings", set: { strategy, ...(isNames(set) ? set : {}) } };
}

const isNames = (value: unknown): value is Overrides => typeof value === "object" && value !== null && !Array.isArray(value);
