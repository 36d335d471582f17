import { createBpe } from "./bpe.ts";
import { partSchema, type TokenizerPart, unsupported } from "./parts.ts";
import { createUnigram } from "./unigram.ts";
import type { TokenModel } from "./vocabulary.ts";
import { createWordLevel } from "./wordLevel.ts";
import { createWordPiece } from "./wordPiece.ts";

const makers: Readonly<Record<string, (part: TokenizerPart) => TokenModel>> = {
  BPE: createBpe,
  Unigram: createUnigram,
  WordLevel: createWordLevel,
  WordPiece: createWordPiece,
};

/** The model that tokenizer.json describes; throws, naming it, when there is none of that kind here. */
export function createModel(model: unknown): TokenModel {
  const found = partSchema.safeParse(withType(model));
  if (!found.success) throw new Error("tokenizer.json: the model's type is not text", { cause: found.error });
  const part = found.data;
  const make = Object.hasOwn(makers, part.type) ? makers[part.type] : undefined;
  if (make === undefined) throw unsupported("model", part.type, Object.keys(makers));
  return make(part);
}

/** Old files leave the type out; it shows in what the model has. */
function withType(model: unknown): unknown {
  if (typeof model !== "object" || model === null || "type" in model) return model;
  const type = "merges" in model ? "BPE" : "max_input_chars_per_word" in model ? "WordPiece" : "unk_id" in model ? "Unigram" : "WordLevel";
  return { ...model, type };
}
