import { readFile } from "node:fs/promises";
import { settingFaults } from "@tutti/protocol";
import { z } from "zod";

/** A file that is there and does not hold what it should. */
export interface BadFile {
  readonly path: string;
  readonly reason: string;
}

/** What is kept at a path. */
export type Kept<T> =
  | { readonly kind: "absent" }
  | { readonly kind: "bad"; readonly bad: BadFile }
  | { readonly kind: "whole"; readonly value: T };

/** A pool's memory as its file has it. */
export const keptMemorySchema = z.looseObject({
  ports: z.array(z.int().min(0).max(65_535)),
  backend: z.enum(["auto", "webgpu", "wasm", "cpu"]),
  startedAt: z.string(),
  name: z.string().optional(),
});

/** Reads a file of JSON whose fields the schema checks as far as they are leant on; throws where the file is there and cannot be read. */
export async function readKept<T>(path: string, schema: z.ZodType): Promise<Kept<T>> {
  const text = await readText(path);
  if (text === null) return { kind: "absent" };
  const bad = (reason: string): Kept<T> => ({ kind: "bad", bad: { path, reason } });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error));
  }
  const [fault] = settingFaults(schema, value);
  return fault === undefined ? { kind: "whole", value: value as T } : bad(fault);
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return null;
    throw new Error(`${path} cannot be read; make it readable, or move it away and the lab makes it again`, { cause });
  }
}
