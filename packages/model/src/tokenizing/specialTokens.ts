import { z } from "zod";
import { partSchema, readPart, type TokenizerPart, unsupported } from "./parts.ts";

/** Special tokens before a text, between two and after the last. */
export interface SpecialTokens {
  readonly before: readonly number[];
  readonly between: readonly number[];
  readonly after: readonly number[];
}

/** What the tokenizer puts around one text and around a pair; `between` is the pair's in both. */
export interface SpecialForms {
  readonly single: SpecialTokens;
  readonly pair: SpecialTokens;
}

const none: SpecialTokens = { before: [], between: [], after: [] };
const tokenAndId = z.tuple([z.string(), z.number().int().min(0)]);
const ends = z.looseObject({ sep: tokenAndId, cls: tokenAndId });

const readers: Readonly<Record<string, (part: TokenizerPart) => SpecialForms>> = {
  BertProcessing: (part) => around(part, 1),
  ByteLevel: () => ({ single: none, pair: none }), // it moves offsets alone
  RobertaProcessing: (part) => {
    readPart(part, z.looseObject({ trim_offsets: z.boolean(), add_prefix_space: z.boolean() })); // the reference takes it for BERT's without
    return around(part, 2);
  },
  Sequence: sequence,
  TemplateProcessing: template,
};

/** The special tokens that tokenizer.json's post-processor adds; throws, naming it, when its form is another than texts with tokens around them. */
export function readSpecialTokens(part: TokenizerPart | null): SpecialForms {
  if (part === null) return { single: none, pair: none };
  const read = Object.hasOwn(readers, part.type) ? readers[part.type] : undefined;
  if (read === undefined) throw unsupported("post-processor", part.type, Object.keys(readers));
  return read(part);
}

function around(part: TokenizerPart, numBetween: number): SpecialForms {
  const { cls, sep } = readPart(part, ends);
  const form = { before: [cls[1]], between: Array.from({ length: numBetween }, () => sep[1]), after: [sep[1]] };
  return { single: form, pair: form };
}

function sequence(part: TokenizerPart): SpecialForms {
  const { processors } = readPart(part, z.looseObject({ processors: z.array(partSchema) }));
  const [first, second] = processors.filter(({ type }) => type !== "ByteLevel");
  if (second !== undefined) {
    throw new Error(`tokenizer.json: a sequence of the post-processors ${first?.type} and ${second.type} is not supported, one of them is`);
  }
  return readSpecialTokens(first ?? null);
}

const pieceSchema = z.union([
  z.strictObject({ SpecialToken: z.looseObject({ id: z.string() }) }),
  z.strictObject({ Sequence: z.looseObject({ id: z.enum(["A", "B"]) }) }),
]);
const templateSchema = z.looseObject({
  single: z.array(pieceSchema),
  pair: z.array(pieceSchema),
  special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(z.number().int().min(0)) })).default({}),
});

function template(part: TokenizerPart): SpecialForms {
  const { single, pair, special_tokens: tokens } = readPart(part, templateSchema);
  const idsOf = (pieces: typeof single) =>
    pieces.flatMap((piece) => {
      if ("Sequence" in piece) return [];
      const found = Object.hasOwn(tokens, piece.SpecialToken.id) ? tokens[piece.SpecialToken.id] : undefined;
      if (found === undefined)
        throw new Error(`tokenizer.json: TemplateProcessing names ${piece.SpecialToken.id}, which special_tokens lacks`);
      return found.ids;
    });
  const places = (pieces: typeof single) => pieces.flatMap((piece, i) => ("Sequence" in piece ? [{ id: piece.Sequence.id, i }] : []));
  const ofSingle = places(single);
  const ofPair = places(pair);
  const [a, b] = ofPair;
  if (ofSingle.map(({ id }) => id).join() !== "A" || a?.id !== "A" || b?.id !== "B" || ofPair.length !== 2) {
    throw new Error("tokenizer.json: TemplateProcessing must hold the text once, and of a pair first $A, then $B");
  }
  const between = idsOf(pair.slice(a.i, b.i));
  const [at] = ofSingle;
  return {
    single: { before: idsOf(single.slice(0, at?.i)), between, after: idsOf(single.slice(at?.i)) },
    pair: { before: idsOf(pair.slice(0, a.i)), between, after: idsOf(pair.slice(b.i)) },
  };
}
