import { z } from "zod";
import { readPart, type TokenizerPart } from "./parts.ts";
import { type TokenModel, vocabularySchema } from "./vocabulary.ts";

const wordLevelSchema = z.looseObject({ vocab: vocabularySchema, unk_token: z.string().default("<unk>") });

/** One token a word. */
export function createWordLevel(part: TokenizerPart): TokenModel {
  const { vocab, unk_token: unknownToken } = readPart(part, wordLevelSchema);
  const unknown = vocab.get(unknownToken);
  return {
    idOf: vocab,
    unknownId: unknown,
    findTokens(word) {
      const id = vocab.get(word) ?? unknown;
      return id === undefined ? [] : [id];
    },
  };
}
