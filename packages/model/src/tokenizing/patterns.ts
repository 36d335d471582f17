import { SplitPreTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";

/** A pattern of tokenizer.json: a literal text, or an Oniguruma regular expression. */
export const patternSchema = z.union([z.strictObject({ String: z.string() }), z.strictObject({ Regex: z.string() })]);

/** The pattern in JavaScript's syntax, with the flags g and u; throws, naming it, when it cannot be written there. */
export function patternOf(pattern: z.infer<typeof patternSchema>): RegExp {
  if ("String" in pattern) {
    const literal = pattern.String.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    return literal === "" ? /(?!)/gu : new RegExp(literal, "gu");
  }
  const flag = "(?i)"; // for the whole, which the library reads for groups alone
  const grouped = pattern.Regex.startsWith(flag) ? { Regex: `(?i:${pattern.Regex.slice(flag.length)})` } : pattern;
  try {
    const { pattern: rewritten } = new SplitPreTokenizer({ type: "Split", pattern: grouped, behavior: "Isolated", invert: false });
    if (rewritten !== null) return rewritten;
  } catch (cause) {
    throw new Error(`tokenizer.json: the pattern ${pattern.Regex} cannot be written in this engine's syntax`, { cause });
  }
  throw new Error(`tokenizer.json: the pattern ${pattern.Regex} has an unknown form`);
}
