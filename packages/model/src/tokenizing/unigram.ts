import { z } from "zod";
import { byteTokens } from "./byteLevel.ts";
import { readPart, type TokenizerPart } from "./parts.ts";
import type { TokenModel } from "./vocabulary.ts";

const unigramSchema = z.looseObject({
  vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
  unk_id: z.number().int().min(0).nullish(),
  byte_fallback: z.boolean().default(false),
});

/** What a character without a token costs beside the rarest token. */
const unknownPenalty = 10;

interface Trie {
  readonly next: Map<string, Trie>;
  isToken: boolean;
}

/** A best way to a place in the word: where its last token begins, and that token; null is an unknown character. */
interface Step {
  readonly start: number;
  readonly token: number | null;
  readonly score: number;
}

/** The tokens of the largest summed log-probability; unknown characters side by side are one token, or their bytes. */
export function createUnigram(part: TokenizerPart): TokenModel {
  const { vocab, unk_id: unknown = null, byte_fallback: hasBytes } = readPart(part, unigramSchema);
  if (unknown !== null && unknown >= vocab.length) {
    throw new Error(`tokenizer.json: Unigram's unk_id ${unknown} is past its ${vocab.length} tokens`);
  }
  const idOf = new Map(vocab.map(([token], id) => [token, id]));
  const trie = trieOf(idOf.keys());
  const unknownScore = vocab.reduce((least, [, score]) => Math.min(least, score), Number.POSITIVE_INFINITY) - unknownPenalty;

  function bestSteps(characters: readonly string[]): (Step | undefined)[] {
    const best: (Step | undefined)[] = [{ start: 0, token: null, score: 0 }];
    const offer = (end: number, step: Step) => {
      const before = best[end];
      if (before === undefined || step.score > before.score) best[end] = step;
    };
    for (let start = 0; start < characters.length; start++) {
      const score = best[start]?.score ?? 0;
      let [node, token, hasSingle]: [Trie | undefined, string, boolean] = [trie, "", false];
      for (let end = start; end < characters.length; end++) {
        node = node.next.get(characters[end]);
        if (node === undefined) break;
        token += characters[end];
        const id = node.isToken ? idOf.get(token) : undefined;
        if (id === undefined) continue;
        offer(end + 1, { start, token: id, score: vocab[id][1] + score });
        if (end === start) hasSingle = true;
      }
      if (!hasSingle) offer(start + 1, { start, token: null, score: unknownScore + score });
    }
    return best;
  }

  function idsOfUnknown(text: string): number[] {
    const id = idOf.get(text);
    if (id !== undefined) return [id];
    const bytes = hasBytes ? byteTokens(text).map((name) => idOf.get(name)) : [undefined];
    if (bytes.every((byte) => byte !== undefined)) return bytes;
    return unknown === null ? [] : [unknown];
  }

  return {
    idOf,
    unknownId: unknown ?? undefined,
    findTokens(word) {
      const characters = [...word];
      const best = bestSteps(characters);
      const found: number[][] = []; // from the end
      let unknownEnd: number | null = null;
      const flush = (start: number) => {
        if (unknownEnd !== null) found.push(idsOfUnknown(characters.slice(start, unknownEnd).join("")));
        unknownEnd = null;
      };
      for (let end = characters.length; end > 0; ) {
        const { start, token } = best[end] ?? { start: end - 1, token: null };
        const isUnknown = token === null || token === unknown;
        if (isUnknown) unknownEnd ??= end;
        else {
          flush(end);
          found.push([token]);
        }
        end = start;
      }
      flush(0);
      return found.reverse().flat();
    },
  };
}

function trieOf(tokens: Iterable<string>): Trie {
  const root: Trie = { next: new Map(), isToken: false };
  for (const token of tokens) {
    let node = root;
    for (const character of token) {
      const next = node.next.get(character) ?? { next: new Map(), isToken: false };
      node.next.set(character, next);
      node = next;
    }
    node.isToken = true;
  }
  return root;
}
