import { z } from "zod";
import { type AddedToken, addedTokenSchema, createAddedTokens, withReferenceIds } from "./addedTokens.ts";
import { createModel } from "./models.ts";
import { createNormalizer } from "./normalizers.ts";
import { partSchema } from "./parts.ts";
import { createPreTokenizer } from "./preTokenizers.ts";
import { readSpecialTokens, type SpecialForms } from "./specialTokens.ts";

/** A token of a text. */
export interface FoundToken {
  readonly id: number;
  /** Whether it is a special token that stood written out in the text. */
  readonly isWritten: boolean;
}

/** What tokenizer.json says, ready to use. */
export interface TokenizerFile {
  /** Every token of a text, without those that the post-processor puts around it. */
  tokensOf(text: string): FoundToken[];
  readonly specials: SpecialForms;
  readonly added: readonly AddedToken[];
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  /** The token of what the model has none for; undefined where it has no such token. */
  readonly unknownId: number | undefined;
  /** The largest id that a text or the tokens around it can have. */
  readonly largestId: number;
}

const part = partSchema.nullish().transform((found) => found ?? null);
const fileSchema = z.looseObject({
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  model: z.looseObject({}),
  added_tokens: z
    .array(addedTokenSchema)
    .nullish()
    .transform((found) => found ?? []),
});

/** Reads the text of tokenizer.json; token ids are those of the reference implementation. Throws a sentence about what is not supported. */
export function readTokenizerFile(tokenizerJson: string): TokenizerFile {
  const result = fileSchema.safeParse(parseJson(tokenizerJson));
  if (!result.success) throw new Error(`tokenizer.json is not a tokenizer: ${z.prettifyError(result.error)}`, { cause: result.error });
  const file = result.data;
  const model = createModel(file.model);
  const added = withReferenceIds(file.added_tokens, model.idOf);
  const split = createAddedTokens(added, createNormalizer(file.normalizer));
  const preTokenize = createPreTokenizer(file.pre_tokenizer);
  const specials = readSpecialTokens(file.post_processor);
  const idOf = new Map([...model.idOf, ...added.map(({ content, id }) => [content, id] as const)]);
  const tokenOf = new Map([...idOf].map(([token, id]) => [id, token]));
  return {
    tokensOf: (text) =>
      split(wellFormed(text)).flatMap((found) =>
        "text" in found
          ? preTokenize(found).flatMap((word) => model.findTokens(word.text).map((id) => ({ id, isWritten: false })))
          : [{ id: found.id, isWritten: found.special }],
      ),
    specials,
    added,
    unknownId: model.unknownId,
    idOf: (token) => idOf.get(token),
    tokenOf: (id) => tokenOf.get(id),
    largestId: largestOf([...idOf.values()], Object.values(specials.single).flat(), Object.values(specials.pair).flat()),
  };
}

function largestOf(...lists: readonly (readonly number[])[]): number {
  return lists.reduce((largest, ids) => ids.reduce((a, b) => Math.max(a, b), largest), -1);
}

/** Half of a surrogate pair has no UTF-8; it is read as the replacement character. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("tokenizer.json is not JSON (cut off, or a pointer of Git LFS?)", { cause });
  }
}
