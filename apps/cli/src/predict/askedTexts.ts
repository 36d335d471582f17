import { readFile } from "node:fs/promises";
import { buffer as readAll } from "node:stream/consumers";
import { UsageError } from "../exitCodes.ts";
import type { AskedText } from "./answers.ts";

/** Texts from the command line, else the lines of a file, else those of the standard input. */
export async function linesOf(texts: readonly string[], file: string | undefined): Promise<string[]> {
  if (texts.length > 0) return [...texts];
  if (file === undefined && process.stdin.isTTY) throw new UsageError("no text: give texts, --file FILE, --split test, or lines on stdin");
  const bytes = file === undefined ? await readAll(process.stdin) : await readFile(file).catch(() => null);
  if (bytes === null) throw new UsageError(`${file} cannot be read: give a file with one text a line`);
  const { decodeText } = await import("@tutti/data");
  return decodeText(bytes, file ?? "the standard input")
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Lines as texts of a task; the two texts of a pair have a tab between them. */
export function askedTexts(lines: readonly string[], { name, isPair }: { readonly name: string; readonly isPair: boolean }): AskedText[] {
  if (!isPair) return lines.map((text) => ({ text }));
  return lines.map((line, index) => {
    const [text = "", textB, ...more] = line.split("\t");
    if (textB !== undefined && more.length === 0) return { text, textB };
    const found = textB === undefined ? "no tab" : `${more.length + 1} tabs`;
    throw new UsageError(`text ${index + 1}: found ${found}, expected two texts with a tab between them, because ${name} has pairs`);
  });
}
