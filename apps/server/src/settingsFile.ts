import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { nearestOf, shown } from "@tutti/protocol";
import { type ErrorCode, LineCounter, parseDocument, type YAMLError } from "yaml";
import { ConfigError } from "./config.ts";
import { jsonPosition } from "./jsonPosition.ts";
import type { Overrides } from "./settings.ts";

const extensions = [".yaml", ".yml", ".json"];

/** Reads a `.json`, `.yaml` or `.yml` file; throws a ConfigError with a line for each fault, which names the file and where in it. */
export function readSettingsFile(path: string): Overrides {
  const bytes = bytesOf(path);
  const extension = extname(path).toLowerCase();
  if (!extensions.includes(extension)) throw new ConfigError(`${path}: a settings file ends in .yaml, .yml or .json`);
  const text = textOf(path, bytes);
  if (text.trim() === "") throw new ConfigError(`${path} is empty: expected names and values`);
  const value = parse(path, text, extension === ".json" ? parseJson : parseYaml);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Overrides;
  if (value === null) throw new ConfigError(`${path} has no settings: expected names and values`);
  throw new ConfigError(`${path}: found ${shown(value)}, expected names and values`);
}

/** What the file holds, if it ends: values can be nested without end, and YAML's references can form a circle. */
function parse(path: string, text: string, parser: (path: string, text: string) => unknown): unknown {
  try {
    const value = parser(path, text);
    JSON.stringify(value);
    return value;
  } catch (cause) {
    if (cause instanceof RangeError) throw new ConfigError(`${path}: its lists or names are nested too deeply`);
    if (cause instanceof TypeError) throw new ConfigError(`${path}: a * refers to the value that its & is on: write that value out`);
    throw cause;
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    if (statSync(path).isDirectory()) throw new ConfigError(`${path} is a folder: expected a settings file in YAML or JSON`);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${path} ${whyUnreadable(path, codeOf(cause))}`);
  }
}

function whyUnreadable(path: string, code: string): string {
  if (code === "ENOENT") return `is not there: expected a settings file in YAML or JSON${besideText(path)}`;
  if (code === "ENOTDIR") return `is not there: ${dirname(path)} is a file, not a folder`;
  if (code === "EACCES" || code === "EPERM") return "cannot be read: this user may not read it; change its permissions";
  return `cannot be read (${code})`;
}

/** What the folder has instead, where a name is near. */
function besideText(path: string): string {
  try {
    const names = readdirSync(dirname(path)).filter((name) => extensions.includes(extname(name).toLowerCase()));
    const [nearest] = nearestOf(stem(path), names, stem);
    return nearest === undefined ? "" : `; did you mean ${join(dirname(path), nearest)}?`;
  } catch {
    return ""; // the folder is not there either
  }
}

const stem = (path: string) => basename(path, extname(path));

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error));

/** Text without the mark that some editors put in front of UTF-8. */
function textOf(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError(`${path} is not UTF-8 text: save it as UTF-8`);
  }
}

function parseJson(path: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigError(`${path}: ${jsonFault(text, jsonPosition(text))}`);
  }
  // every JSON text is YAML, whose parser knows lines and sees a name that comes twice
  refuseFaults(
    path,
    text,
    yamlFaults(text).filter(({ code }) => code === "DUPLICATE_KEY"),
  );
  return value;
}

function jsonFault(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
  const found = text.slice(at).trim() === "" ? "the end of the file" : JSON.stringify(text.slice(at, at + 1));
  return `${place}: found ${found}, which is not JSON there; look for a comma, a quote or a bracket that is missing or too many`;
}

function parseYaml(path: string, text: string): unknown {
  refuseFaults(path, text, yamlFaults(text));
  try {
    return parseDocument(text).toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const isEndless = cause instanceof Error && cause.message.startsWith("Excessive");
    const what = isEndless ? "its * and & repeat too much: write their values out" : "a * has no & before it; quote it if it is text";
    throw new ConfigError(`${path}: ${what}`);
  }
}

function yamlFaults(text: string): readonly YAMLError[] {
  const { errors, warnings } = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: true, stringKeys: true });
  return [...errors, ...warnings];
}

/** One line for each place. */
function refuseFaults(path: string, text: string, errors: readonly YAMLError[]): void {
  const lines = new Map(errors.map((error) => [placeOf(error), `${path}: ${placeOf(error)}: ${wordsOf(error, text)}`] as const));
  if (lines.size > 0) throw new ConfigError([...lines.values()].join("\n"));
}

function placeOf({ linePos }: YAMLError): string {
  const [start] = linePos ?? [{ line: 1, col: 1 }];
  return `line ${start.line}, column ${start.col}`;
}

const yamlWords: Readonly<Partial<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: "a tab, where YAML takes spaces only; put spaces there",
  NON_STRING_KEY: "a name that is not text; put it in quotes",
  TAG_RESOLVE_FAILED: "a ! with a word that YAML does not know; put the value in quotes if it is text",
  BAD_INDENT: "this line is indented too little or too much; put as many spaces before it as before its neighbours",
  MISSING_CHAR: "a colon, comma, quote or bracket is missing here or before",
  BLOCK_AS_IMPLICIT_KEY: "a second colon in one line; put the value in quotes, or its names on lines of their own",
  MULTILINE_IMPLICIT_KEY: "a colon is missing on this line or the one before, or a quote is open",
  BAD_SCALAR_START: "no value begins with this character; put it in quotes",
  UNEXPECTED_TOKEN: "something that does not belong there; look for a bracket or quote too many",
  MULTIPLE_DOCS: "a second document after ---; expected one",
  BAD_ALIAS: "a * that has no & before it; put the value in quotes if it is text",
  BAD_DQ_ESCAPE: "a backslash that YAML does not know in double quotes; use single quotes",
};

/** Ours where there are some, else the parser's first line without its place. */
function wordsOf({ code, message, pos: [start] }: YAMLError, text: string): string {
  const [, name] = /^["']?([^"':\s]*)/.exec(text.slice(start)) ?? [];
  if (code === "DUPLICATE_KEY") return `${name} is given twice; leave one of them out`;
  return yamlWords[code] ?? (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");
}
