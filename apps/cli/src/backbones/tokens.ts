import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { folderOf } from "./folders.ts";
import { table } from "./text.ts";

export interface TokensFlags {
  readonly backbones: string;
  readonly text: string;
  readonly json?: boolean;
}

/** `tutti backbone tokens`: the tokens of a text as the backbone's tokenizer gives them, and which of them a device leaves out. */
export async function tokens(name: string, { backbones, text, json }: TokensFlags): Promise<void> {
  const folder = await folderOf(backbones, name);
  const { createTokenizer, parseManifest } = await import("@tutti/model");
  const { tokenizer: file, tokenizerConfig } = parseManifest(await readFile(join(folder, "manifest.json")));
  if (file === null) throw new Error(`backbone ${name} has no tokenizer: add it again from a folder with tokenizer.json`);
  const read = (path: string) => readFile(join(folder, path), "utf8");
  const tokenizer = createTokenizer(await read(file.file), tokenizerConfig === null ? null : await read(tokenizerConfig.file));
  const { before, after } = tokenizer.specials;
  const found = [
    ...before.map((id) => ({ id, use: "added around the text" })),
    ...tokenizer.tokensOf(text).map(({ id, isWritten }) => ({ id, use: isWritten ? writtenOut : "" })),
    ...after.map((id) => ({ id, use: "added around the text" })),
  ];
  const pieces = (ids: readonly number[]) => ids.map((id) => tokenizer.tokenOf(id));
  if (json === true) {
    const ids = found.map(({ id }) => id);
    const inner = tokenizer.encode(text);
    return console.log(JSON.stringify({ text, ids, pieces: pieces(ids), inner: { ids: inner, pieces: pieces(inner) } }));
  }
  if (found.length === 0) {
    return console.log(`The text has no tokens; a device reads it as ${tokenizer.fillerId} ${tokenizer.tokenOf(tokenizer.fillerId)}`);
  }
  console.log(table([["piece", "id", ""], ...found.map(({ id, use }) => [tokenizer.tokenOf(id), String(id), use])]));
}

const writtenOut = "a special token's name: left out of devices' texts";
