import { z } from "zod";

/** A part of tokenizer.json, told apart by its type. */
export const partSchema = z.looseObject({ type: z.string() });

/** A normalizer, pre-tokenizer, model or decoder as tokenizer.json describes it. */
export type TokenizerPart = z.infer<typeof partSchema>;

/** Reads a part's settings; throws a sentence that names the part. */
export function readPart<T>(part: TokenizerPart, schema: z.ZodType<T>): T {
  const result = schema.safeParse(part);
  if (result.success) return result.data;
  throw new Error(`tokenizer.json: ${part.type}: ${z.prettifyError(result.error)}`, { cause: result.error });
}

/** The refusal of a part that is not among those that are read. */
export function unsupported(kind: string, type: string, known: readonly string[]): Error {
  return new Error(`tokenizer.json: ${kind} "${type}" is not supported; supported are ${known.join(", ")}`);
}
