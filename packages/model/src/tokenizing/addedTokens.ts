import { z } from "zod";
import type { Normalize, TextPiece } from "./pieces.ts";

/** An entry of tokenizer.json's `added_tokens`, with the defaults of the reference. */
export const addedTokenSchema = z.object({
  id: z.number().int().min(0),
  content: z.string(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
  special: z.boolean().default(false),
});

/** A token beside the model's, found in the text before the model sees it. */
export type AddedToken = z.infer<typeof addedTokenSchema>;

/**
 * The added tokens with the ids that the reference gives them when it reads the file: the model's where it knows the token, then those
 * after the last, in the file's order, whatever ids the file says.
 */
export function withReferenceIds(tokens: readonly AddedToken[], idOf: ReadonlyMap<string, number>): AddedToken[] {
  const given = new Map<string, number>();
  let largest = -1;
  return tokens.flatMap((token) => {
    if (token.content === "" || given.has(token.content)) return [];
    const id = idOf.get(token.content) ?? Math.max(idOf.size, largest + 1);
    given.set(token.content, id);
    largest = Math.max(largest, id);
    return [{ ...token, id }];
  });
}

/** A token that was found, or text in which there is none. */
type AddedSplit = AddedToken | TextPiece;

type Find = (piece: TextPiece) => AddedSplit[];

/** Finds the added tokens of a text, first in the text as it is, then, between them, in the normalized text. */
export function createAddedTokens(tokens: readonly AddedToken[], normalize: Normalize): (text: string) => AddedSplit[] {
  const ordered = [...tokens.filter(({ special }) => special), ...tokens.filter(({ special }) => !special)];
  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special;
  const raw = finder(ordered.filter((token) => !isNormalized(token)).map((token) => [token.content, token]));
  const whole = (text: string) => normalize({ text, isAtStart: true }).text;
  const normalized = finder(ordered.filter(isNormalized).map((token) => [whole(token.content), token]));
  return (text) => raw({ text, isAtStart: true }).flatMap((split) => ("text" in split ? normalized(normalize(split)) : [split]));
}

const wordCharacter = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]";
const endsWithWord = new RegExp(`${wordCharacter}$`, "u");
const startsWithWord = new RegExp(`^${wordCharacter}`, "u");

function finder(contents: readonly (readonly [string, AddedToken])[]): Find {
  const byContent = new Map<string, AddedToken>();
  for (const [content, token] of contents) if (content !== "" && !byContent.has(content)) byContent.set(content, token);
  // the longest first, so that of several at one place it is the one that is found
  const escaped = [...byContent.keys()]
    .sort((a, b) => b.length - a.length)
    .map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const pattern = escaped.length === 0 ? null : new RegExp(escaped.join("|"), "gu");
  return (piece) => (pattern === null ? [piece].filter(({ text }) => text !== "") : splitAt(piece, pattern, byContent));
}

function splitAt({ text, isAtStart }: TextPiece, pattern: RegExp, tokens: ReadonlyMap<string, AddedToken>): AddedSplit[] {
  const splits: AddedSplit[] = [];
  let done = 0;
  const pushText = (end: number) => {
    if (done < end) splits.push({ text: text.slice(done, end), isAtStart: isAtStart && done === 0 });
  };
  for (const match of text.matchAll(pattern)) {
    const token = tokens.get(match[0]);
    const end = match.index + match[0].length;
    if (token === undefined || (token.single_word && touchesWord(text, match.index, end))) continue;
    const before = text.slice(0, match.index);
    const start = token.lstrip ? Math.max(done, before.replace(/\p{White_Space}+$/u, "").length) : match.index;
    const stop = token.rstrip ? text.length - text.slice(end).replace(/^\p{White_Space}+/u, "").length : end;
    pushText(start);
    if (start < stop) splits.push(token); // nothing is left of it where the token before has taken its spaces
    done = stop;
  }
  pushText(text.length);
  return splits;
}

function touchesWord(text: string, start: number, end: number): boolean {
  return endsWithWord.test(text.slice(Math.max(0, start - 2), start)) || startsWithWord.test(text.slice(end, end + 2)); // a pair of surrogates at most
}
