import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { moduleNames, rememberStrategy, type StrategyDeclaration } from "@tutti/core";
import { ConfigError } from "../config.ts";
import { hashModule } from "./hashModule.ts";
import { addImportHooks } from "./importHooks.ts";

/** A module that this process has loaded. */
export interface LoadedModule {
  readonly declaration: StrategyDeclaration;
  readonly sha256: string;
}

/** The bytes of every file that modules of this process were made of: a process reads a file once, however often it is edited. */
const read = new Map<string, string>();

/**
 * Imports a strategy from a file and makes it known to this process. It runs the file's code, so the path must come from the operator, never from a
 * client. Throws a ConfigError that names the file where it is not a strategy.
 */
export async function loadModule(path: string): Promise<LoadedModule> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new ConfigError(`${path} is not a file: expected a strategy's module; its path is counted from the folder of the settings file`);
  const { sha256, files } = hashModule(path);
  for (const [file, bytes] of files) requireUnchanged(file, bytes);
  await addImportHooks(import.meta.url);
  const declaration = declarationOf(await importFile(path), path);
  if (hashModule(path).sha256 !== sha256) throw new ConfigError(`${path} or one of its imports changed while it was read: start again`);
  rememberStrategy(sha256, declaration);
  return { declaration, sha256 };
}

function requireUnchanged(file: string, bytes: string): void {
  if ((read.get(file) ?? bytes) !== bytes) throw new ConfigError(`${file} has changed since this process read it: start the command again`);
  read.set(file, bytes);
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(/* @vite-ignore */ pathToFileURL(path).href);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_UNKNOWN_FILE_EXTENSION")
      throw new ConfigError(
        `${path}: Node ${process.versions.node} reads no TypeScript: use Node 22.18 or newer, or give the module as JavaScript (.js, .mjs)`,
        { cause },
      );
    throw new ConfigError(`${path} cannot be imported: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const functions = [
  "schedule",
  "init",
  "plan",
  "aggregate",
  "globalParams",
  "newcomerParams",
  "summary",
  "needsSingleContributions",
] as const;
const expected = "expected one export that declareStrategy of @tutti/core made";

function declarationOf(exported: Readonly<Record<string, unknown>>, path: string): StrategyDeclaration {
  const candidates = [...new Set(Object.values(exported))].filter((one) => typeof one === "object" && one !== null && "schedule" in one);
  const [found] = candidates;
  if (found === undefined || candidates.length > 1) {
    const names = Object.keys(exported).join(", ");
    const what = candidates.length > 1 ? `${candidates.length} strategies` : names === "" ? "no exports" : `the exports ${names}`;
    throw new ConfigError(`${path}: found ${what}, ${expected}`);
  }
  const parts = found as Readonly<Record<string, unknown>>;
  const missing = [
    ...["name", "title"].filter((name) => typeof parts[name] !== "string"),
    ...(typeof parts.settings === "object" && parts.settings !== null ? [] : ["settings"]),
    ...(Array.isArray(parts.rules) ? [] : ["rules"]),
    ...functions.filter((name) => typeof parts[name] !== "function"),
  ];
  if (missing.length > 0) throw new ConfigError(`${path}: found a strategy without ${missing.join(", ")}, ${expected}`);
  const taken = Object.keys(parts.settings as object).filter((name) => moduleNames.includes(name));
  if (taken.length > 0)
    throw new ConfigError(`${path}: a setting cannot be called ${taken.join(" or ")}: a run has these names of its module`);
  return found as StrategyDeclaration;
}
