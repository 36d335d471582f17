import { z } from "zod";
import { byteTokens } from "./byteLevel.ts";
import { createMergeQueue } from "./mergeQueue.ts";
import { readPart, type TokenizerPart } from "./parts.ts";
import { type TokenModel, vocabularySchema } from "./vocabulary.ts";

/** `a b`, or since 2024 also the pair itself. */
const mergeSchema = z.unknown().transform((merge, context): readonly [string, string] => {
  const [left, right, ...rest] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
  if (typeof left === "string" && typeof right === "string" && rest.length === 0) return [left, right];
  context.addIssue({ code: "custom", message: `the merge ${JSON.stringify(merge)} is not two tokens with a space between` });
  return z.NEVER;
});

const bpeSchema = z.looseObject({
  vocab: vocabularySchema,
  merges: z
    .array(z.unknown())
    .transform((merges) => merges.filter((merge) => typeof merge !== "string" || !merge.startsWith("#version")))
    .pipe(z.array(mergeSchema)),
  dropout: z.number().nullish(),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
});

type BpeSettings = z.infer<typeof bpeSchema>;
type Merges = ReadonlyMap<string, { readonly rank: number; readonly id: number }>;

/** Words whose tokens are remembered, as texts repeat them. */
const maxRemembered = 10_000;

/** Characters, or bytes as characters, of which neighbours are merged in the order in which the merges were learnt. */
export function createBpe(part: TokenizerPart): TokenModel {
  const settings = readPart(part, bpeSchema);
  if ((settings.dropout ?? 0) > 0) {
    throw new Error(`tokenizer.json: BPE with dropout ${settings.dropout} draws its tokens by chance; set dropout to null`);
  }
  const merges = mergesOf(settings);
  const known = new Map<string, number[]>();
  return {
    idOf: settings.vocab,
    unknownId: unknownOf(settings),
    findTokens(word) {
      const whole = settings.ignore_merges ? settings.vocab.get(word) : undefined;
      if (whole !== undefined) return [whole];
      const remembered = known.get(word);
      if (remembered !== undefined) return remembered;
      const found = mergeAll(symbolsOf(word, settings), merges);
      if (known.size >= maxRemembered) known.clear();
      known.set(word, found);
      return found;
    },
  };
}

function unknownOf({ unk_token: token, vocab }: BpeSettings): number | undefined {
  return token === null || token === undefined ? undefined : vocab.get(token);
}

function pairKey(left: number, right: number): string {
  return `${left} ${right}`;
}

function mergesOf({ vocab, merges, continuing_subword_prefix: prefix }: BpeSettings): Merges {
  const idOf = (token: string) => {
    const id = vocab.get(token);
    if (id === undefined) throw new Error(`tokenizer.json: the merges need the token ${JSON.stringify(token)}, which the vocabulary lacks`);
    return id;
  };
  return new Map(
    merges.map(([left, right], rank) => [pairKey(idOf(left), idOf(right)), { rank, id: idOf(left + right.slice(prefix?.length ?? 0)) }]),
  );
}

/** The word's characters as tokens; one without a token is bytes, the unknown token, or left out. */
function symbolsOf(word: string, settings: BpeSettings): number[] {
  const { vocab, continuing_subword_prefix: prefix, end_of_word_suffix: suffix, fuse_unk: fuses, byte_fallback: hasBytes } = settings;
  const unknown = unknownOf(settings);
  const symbols: number[] = [];
  const characters = [...word];
  let isUnknownWaiting = false; // as in the reference, it is written when a known character comes, behind bytes that came before that
  characters.forEach((character, i) => {
    const token = `${i > 0 ? (prefix ?? "") : ""}${character}${i === characters.length - 1 ? (suffix ?? "") : ""}`;
    const id = vocab.get(token);
    if (id !== undefined) {
      if (isUnknownWaiting && unknown !== undefined) symbols.push(unknown);
      isUnknownWaiting = false;
      symbols.push(id);
      return;
    }
    const bytes = hasBytes ? byteTokens(token).map((name) => vocab.get(name)) : [undefined];
    if (bytes.every((byte) => byte !== undefined)) {
      symbols.push(...bytes);
      return;
    }
    if (unknown === undefined) return;
    if (isUnknownWaiting && !fuses) symbols.push(unknown);
    isUnknownWaiting = true;
  });
  if (isUnknownWaiting && unknown !== undefined) symbols.push(unknown);
  return symbols;
}

function mergeAll(symbols: number[], merges: Merges): number[] {
  const queue = createMergeQueue();
  const next = symbols.map((_, i) => i + 1);
  const previous = symbols.map((_, i) => i - 1);
  const isGone = symbols.map(() => false);
  const look = (position: number) => {
    const right = next[position];
    if (position < 0 || right >= symbols.length) return;
    const merge = merges.get(pairKey(symbols[position], symbols[right]));
    if (merge !== undefined) queue.push({ position, ...merge });
  };
  symbols.forEach((_, position) => {
    look(position);
  });
  for (let merge = queue.pop(); merge !== undefined; merge = queue.pop()) {
    const { position, id } = merge;
    const right = next[position];
    if (isGone[position] || right >= symbols.length) continue;
    if (merges.get(pairKey(symbols[position], symbols[right]))?.id !== id) continue; // the neighbours have changed since
    symbols[position] = id;
    isGone[right] = true;
    next[position] = next[right];
    if (next[right] < symbols.length) previous[next[right]] = position;
    look(previous[position]);
    look(position);
  }
  return symbols.filter((_, i) => !isGone[i]);
}
