import { dirname, resolve } from "node:path";
import { moduleNames, ownSettingsSchema } from "@tutti/core";
import { settingFaults } from "@tutti/protocol";
import { ConfigError } from "../config.ts";
import { readTextSettings, type TextsReader } from "../publicTexts.ts";
import { isPlainObject, type Overrides } from "../settings.ts";
import { readSettingsFile } from "../settingsFile.ts";
import { loadModule } from "./loadModule.ts";

/** Reads a settings file, loads the modules that it names as a strategy and reads the public texts that it names. */
export async function readWithModules(path: string, readTexts: TextsReader | null = null): Promise<Overrides> {
  return withModules(readSettingsFile(path), path, readTexts);
}

/**
 * The settings of a file with each `strategy: { module: ./mine.ts, … }` as a run has it: loaded, complete and with its SHA-256; and so each
 * `distillText: ./letters.csv` of a strategy, where `readTexts` can read one. Only what an operator wrote may come here, since a module's code is run.
 */
export async function withModules(settings: Overrides, file: string, readTexts: TextsReader | null = null): Promise<Overrides> {
  return eachIn(settings, { file, readTexts, publicDir: settings.publicDir }, []);
}

interface Reading {
  readonly file: string;
  readonly readTexts: TextsReader | null;
  readonly publicDir: unknown;
}

async function eachIn(settings: Overrides, reading: Reading, path: readonly string[]): Promise<Overrides> {
  const entries = await Promise.all(
    Object.entries(settings).map(async ([name, value]) => [name, await inside(value, reading, [...path, name])] as const),
  );
  return Object.fromEntries(entries);
}

async function inside(value: unknown, reading: Reading, path: readonly string[]): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one, at) => inside(one, reading, [...path, String(at)])));
  const { file, readTexts, publicDir } = reading;
  if (path.at(-1) === "distillText" && path.at(-2) === "strategy" && readTexts !== null)
    return readTextSettings(value, { file, path: path.join("."), publicDir }, readTexts);
  if (!isPlainObject(value)) return value;
  return path.at(-1) === "strategy" && "module" in value ? moduleSettings(value, file, path) : eachIn(value, reading, path);
}

async function moduleSettings(given: Overrides, file: string, path: readonly string[]): Promise<Overrides> {
  const { module, sha256 } = given;
  const place = `${file}: ${path.join(".")}`;
  if (typeof module !== "string") throw new ConfigError(`${place}.module: expected the path of a strategy's file, such as ./mine.ts`);
  const loaded = await loadModule(resolve(dirname(file), module));
  if (sha256 !== undefined && sha256 !== loaded.sha256)
    throw new ConfigError(`${place}.sha256: ${module} has the SHA-256 ${loaded.sha256}: give this one, or leave it out`);
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => !moduleNames.includes(name)));
  const schema = ownSettingsSchema(loaded.declaration);
  const parsed = schema.safeParse(own);
  if (parsed.success) return { name: "module", module, title: loaded.declaration.title, sha256: loaded.sha256, ...parsed.data };
  const faults = settingFaults(schema, own, { path });
  throw new ConfigError(`${file}: the settings of ${module} were refused:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}
