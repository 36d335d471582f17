import type { PromptedText } from "@tutti/data";
import { encodeContinuation } from "./causalTemplate.ts";
import { cutLengths } from "./template.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** A prompt with its answer behind it as a causal backbone reads them. */
export interface EncodedPair {
  readonly ids: readonly number[];
  /** Where the answer begins; at least 1. */
  readonly start: number;
  /** The answer lost tokens at its end to fit. */
  readonly isCut: boolean;
}

/** A prompt whose answer is to be generated. */
export interface EncodedPrompt {
  readonly ids: readonly number[];
  /** Tokens that end an answer and do not belong to it. */
  readonly stopTokens: readonly number[];
  /** How many tokens the answer may have. */
  readonly maxNewTokens: number;
  /** Tokens of the prompt that were cut at its beginning. */
  readonly numCut: number;
}

/**
 * The tokens of a prompt and its answer, at most `maxTokens`. What is too long is cut as pairs of texts are, the longer first; the prompt
 * loses its beginning, so that what stands next to the answer stays, the answer its end. Behind an answer that was not cut stands the token
 * that ends a text, where the checkpoint has one and the chat template has not written it; a continuation goes on, so that nothing ends it.
 */
export function encodeAnswer(tokenizer: TextTokenizer, prompted: PromptedText, maxTokens: number): EncodedPair {
  const { front, prompt, answer, end } = partsOf(tokenizer, prompted);
  if (answer.length === 0) throw new Error("its answer has no token of this backbone's vocabulary: write one, or take the row out");
  const whole = [...answer, ...end];
  const room = maxTokens - front.length;
  if (room < 2) throw new Error(`${maxTokens} positions leave no room for a prompt and an answer`);
  const [numPrompt, numAnswer] = cutLengths([prompt.length, whole.length], room);
  const given = [...front, ...prompt.slice(prompt.length - numPrompt)];
  return { ids: [...given, ...whole.slice(0, numAnswer)], start: given.length, isCut: numAnswer < whole.length };
}

/** The tokens of a prompt, cut at its beginning so that an answer of `maxNewTokens`, or of half of all places, still fits behind it. */
export function encodePrompt(
  tokenizer: TextTokenizer,
  prompted: PromptedText,
  { maxTokens, maxNewTokens }: { readonly maxTokens: number; readonly maxNewTokens: number },
): EncodedPrompt {
  const { front, prompt, answer } = partsOf(tokenizer, prompted);
  const numNew = Math.min(maxNewTokens, Math.floor(maxTokens / 2));
  const room = maxTokens - numNew - front.length;
  const kept = room < 1 ? [] : prompt.slice(-room);
  // of a chat's answer, what is written but no text is what ends it
  const texts = new Set(tokenizer.encode(prompted.answer));
  const written = prompted.isChat ? answer.filter((id) => !texts.has(id)) : [];
  const stopTokens = [...new Set([...written, ...(tokenizer.endId === null ? [] : [tokenizer.endId])])];
  return { ids: [...front, ...kept], stopTokens, maxNewTokens: numNew, numCut: prompt.length - kept.length };
}

interface Parts {
  /** Special tokens, or what stands before a text that nothing else stands before. */
  readonly front: readonly number[];
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
  readonly end: readonly number[];
}

function partsOf(tokenizer: TextTokenizer, { prompt, answer, isChat }: PromptedText): Parts {
  if (isChat) {
    const written = { encode: tokenizer.encodeTemplate, unknownId: tokenizer.unknownId };
    return { front: [], prompt: written.encode(prompt), answer: encodeContinuation(written, answer), end: [] };
  }
  const { before } = tokenizer.specials;
  if (prompt !== "") {
    const end = tokenizer.endId === null ? [] : [tokenizer.endId];
    return { front: before, prompt: tokenizer.encode(prompt), answer: encodeContinuation(tokenizer, answer), end };
  }
  // texts of one document after the other are parted by the token that ends one
  const front = before.length > 0 ? before : [tokenizer.endId ?? tokenizer.fillerId];
  return { front, prompt: [], answer: tokenizer.encode(answer), end: [] };
}
