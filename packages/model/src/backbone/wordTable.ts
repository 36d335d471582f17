import { tokenTexts, type WordTable } from "@tutti/core";
import type { PackedBackbone } from "./packed.ts";

/** A backbone's vocabulary; one without a tokenizer has its tokens' numbers for texts. */
export function wordTableOf({ config, tokenizerJson, rows }: Pick<PackedBackbone, "config" | "tokenizerJson" | "rows">): WordTable {
  const texts = tokenizerJson === null ? null : tokenTexts(tokenizerJson);
  return {
    size: config.vocabSize,
    textOf: (id) => (texts === null ? ` [${id}]` : (texts[id] ?? null)),
    rows: (ids) => rows("embeddings.word", ids),
  };
}
