import { z } from "zod";

/** Finds the tokens of one word; what the model has no token for, and no unknown token either, is left out. */
type FindTokens = (word: string) => number[];

/** A model's tokens by their ids and the other way round, and how words become tokens. */
export interface TokenModel {
  readonly idOf: ReadonlyMap<string, number>;
  /** The token of what has none; undefined where the model has no such token. */
  readonly unknownId: number | undefined;
  findTokens: FindTokens;
}

const id = z.number().int().min(0);

/** `vocab` as tokenizer.json keeps it for all models but Unigram. Read by hand: a schema would lose a token called `__proto__`. */
export const vocabularySchema = z.unknown().transform((value, context): ReadonlyMap<string, number> => {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = isRecord ? Object.entries(value) : [];
  const wrong = entries.find(([, found]) => !id.safeParse(found).success);
  if (isRecord && wrong === undefined) return new Map(entries);
  const message =
    wrong === undefined ? "vocab must be a table of tokens and ids" : `vocab: token ${JSON.stringify(wrong[0])} has no whole id`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});
