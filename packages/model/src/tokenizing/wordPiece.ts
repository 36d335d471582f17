import { z } from "zod";
import { readPart, type TokenizerPart } from "./parts.ts";
import { type TokenModel, vocabularySchema } from "./vocabulary.ts";

const wordPieceSchema = z.looseObject({
  vocab: vocabularySchema,
  unk_token: z.string().default("[UNK]"),
  continuing_subword_prefix: z.string().default("##"),
  max_input_chars_per_word: z.number().int().min(0).default(100),
});

/** The longest token first, then the longest of what is left; a word with a rest that no token begins is unknown as a whole. */
export function createWordPiece(part: TokenizerPart): TokenModel {
  const read = readPart(part, wordPieceSchema);
  const { vocab, continuing_subword_prefix: prefix, max_input_chars_per_word: maxCharacters } = read;
  const unknown = vocab.get(read.unk_token);
  const unknowns = unknown === undefined ? [] : [unknown];
  return {
    idOf: vocab,
    unknownId: unknown,
    findTokens(word) {
      const characters = [...word];
      if (characters.length > maxCharacters) return unknowns;
      const found: number[] = [];
      for (let start = 0; start < characters.length; ) {
        const longest = longestFrom(characters, start, start > 0 ? prefix : "", vocab);
        if (longest === null) return unknowns;
        found.push(longest.id);
        start = longest.end;
      }
      return found;
    },
  };
}

function longestFrom(characters: readonly string[], start: number, prefix: string, vocab: ReadonlyMap<string, number>) {
  for (let end = characters.length; end > start; end--) {
    const id = vocab.get(prefix + characters.slice(start, end).join(""));
    if (id !== undefined) return { id, end };
  }
  return null;
}
