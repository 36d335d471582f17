import { tokenTableHash } from "@tutti/core";
import type { PackedBackbone } from "../backbone/packed.ts";

/** Throws a sentence where two models' scores cannot be added by index, or the large one scores no next token. */
export function requirePair(large: PackedBackbone, small: PackedBackbone): void {
  const [ofLarge, ofSmall] = [large, small].map(({ tokenizerJson }) => (tokenizerJson === null ? null : tokenTableHash(tokenizerJson)));
  if (ofLarge === null || ofLarge !== ofSmall || large.config.vocabSize !== small.config.vocabSize) {
    const hashes = [ofSmall, ofLarge].map((hash) => hash?.slice(0, 12) ?? "none").join(" and ");
    throw new Error(
      `${small.name} and ${large.name} do not share one vocabulary (token tables ${hashes}): choose a pair with one tokenizer`,
    );
  }
  if (large.config.isCausal) return;
  throw new Error(`${large.name} reads the whole text at once and cannot score its next token: choose a gpt2 or llama backbone`);
}
