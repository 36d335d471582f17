import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExpectedLogits } from "@tutti/model";
import { UsageError } from "../exitCodes.ts";

/** What lies beside a checkpoint when another library's logits are to be compared. */
export const expectedFile = "expected.json";

/** Reads a file of `{ ids, logits }`. */
export async function readExpected(path: string): Promise<ExpectedLogits> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UsageError(`${path} cannot be read: give a file with ids and logits`, { cause });
  });
  return parse(text, path);
}

/** The `expected.json` of a checkpoint's folder, or null where it has none. */
export async function readExpectedBeside(folder: string): Promise<ExpectedLogits | null> {
  const path = join(folder, expectedFile);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw cause;
  });
  return text === null ? null : parse(text, path);
}

async function parse(text: string, path: string): Promise<ExpectedLogits> {
  const { parseExpectedLogits } = await import("@tutti/model");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON: give a file with ids and logits`, { cause });
  }
  return parseExpectedLogits(json, path);
}
