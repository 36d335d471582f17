import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { type PublicTextsSettings, publicTextsOf, type RunSettings } from "@tutti/core";
import { ConfigError } from "./config.ts";
import { sha256Of } from "./http/blobs.ts";
import { isPlainObject, type Overrides } from "./settings.ts";
import { inRunFolder } from "./writableFolder.ts";

/** Where an operator says that public texts are: a file, whose path is whole, or the training part of a published data set. */
export type TextsPlace =
  | { readonly file: string; readonly text?: string | undefined; readonly answer?: string | undefined }
  | { readonly dataset: string };

/** Texts as their reader gives them: their rows as lines of JSON, which decide their hash. */
export interface ReadTexts {
  readonly kind: PublicTextsSettings["kind"];
  readonly jsonl: string;
  readonly numTexts: number;
}

/** Reads public texts, with all faults of their rows in one error. `publicDir` is that of the settings file, where it names one. */
export type TextsReader = (place: TextsPlace, publicDir: unknown) => Promise<ReadTexts>;

/** What this process has read, by hash: a run's settings hold the hash alone. */
const known = new Map<string, Uint8Array>();

/** `strategy.distillText` as a run has it: read, hashed and known to this process. */
export async function readTextSettings(
  given: unknown,
  place: { readonly file: string; readonly path: string; readonly publicDir: unknown },
  read: TextsReader,
): Promise<unknown> {
  const asked = placeOf(given, place.file);
  if (asked === null) return given;
  const from = "file" in asked ? String(isPlainObject(given) ? given.file : given) : asked.dataset;
  const texts = await read(asked, place.publicDir).catch((cause: unknown) => {
    throw new ConfigError(`${place.file}: ${place.path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const bytes = new TextEncoder().encode(texts.jsonl);
  const sha256 = sha256Of(bytes);
  known.set(sha256, bytes);
  return { from, kind: texts.kind, sha256, numTexts: texts.numTexts };
}

/** Null for what is not a place: nothing, or texts that have been read. */
function placeOf(given: unknown, file: string): TextsPlace | null {
  const whole = (path: string) => resolve(dirname(file), path);
  if (typeof given === "string") return extname(given) === "" && !given.startsWith(".") ? { dataset: given } : { file: whole(given) };
  if (!isPlainObject(given) || "sha256" in given) return null;
  const { file: path, dataset, text, answer } = given as Overrides;
  const isName = (value: unknown): value is string | undefined => value === undefined || typeof value === "string";
  if (typeof path === "string" && isName(text) && isName(answer)) return { file: whole(path), text, answer };
  return typeof dataset === "string" ? { dataset } : null;
}

const fileName = "public-texts.jsonl";

/**
 * The public texts of a run that has some, from its folder or as this process read them; kept in the folder, so that a resumed run needs no other
 * file. Throws a ConfigError where they are nowhere.
 */
export function keepTexts(folder: string, run: RunSettings): Uint8Array | null {
  const texts = publicTextsOf(run);
  if (texts === null) return null;
  const path = join(folder, fileName);
  const kept = existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
  if (kept !== null && sha256Of(kept) === texts.sha256) return kept;
  const bytes = known.get(texts.sha256);
  if (bytes === undefined)
    throw new ConfigError(
      `strategy.distillText: the texts of ${texts.from} (SHA-256 ${texts.sha256.slice(0, 12)}) are not in ${path}: give the file again, as \`distillText: ${texts.from}\``,
    );
  inRunFolder(folder, () => {
    writeFileSync(`${path}.part`, bytes);
    renameSync(`${path}.part`, path);
  });
  return bytes;
}

/** Throws a ConfigError where a run was begun with other public texts. */
export function requireSameTexts(begun: RunSettings, now: RunSettings, what: string): void {
  const [before, after] = [begun, now].map(publicTextsOf);
  if (before?.sha256 === after?.sha256) return;
  const said = (texts: PublicTextsSettings | null | undefined) =>
    texts == null ? "a share of its training rows" : `${texts.from} (SHA-256 ${texts.sha256.slice(0, 12)})`;
  throw new ConfigError(
    `${what} was begun with ${said(before)} as its distillation text, not with ${said(after)}: give that again to resume it, or choose another run id to start one with this text`,
  );
}
