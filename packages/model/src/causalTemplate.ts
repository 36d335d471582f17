import type { ClassificationTask } from "@tutti/data";
import { cutLengths, type ExampleEncoder, labelProblem } from "./template.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** How a causal backbone is asked: what it reads of an example, and what its answer is measured on. */
interface CausalPrompt {
  readonly encoder: ExampleEncoder;
  /** Tokens of the filled-in suffix, one list per class. */
  readonly suffixes: readonly (readonly number[])[];
  /** The word filled in for each class. */
  readonly labelWords: readonly string[];
}

/** A causal backbone asked for its next token, one label word per class. */
interface NextWordPrompt {
  readonly encoder: ExampleEncoder;
  readonly labelIds: readonly number[];
  readonly labelWords: readonly string[];
}

type Task = Pick<ClassificationTask, "prompts" | "causalSuffix" | "name">;

/** A vocabulary need not know the first. */
const possibleWords = ["a", "e", "A", "1", "."];

/**
 * The tokens of a text that goes on after another one. Where the tokenizer puts a space of its own in front of every text (LLaMA), the
 * tokens are those it has behind a word.
 */
export function encodeContinuation(tokenizer: Pick<TextTokenizer, "encode" | "unknownId">, text: string): number[] {
  for (const word of possibleWords) {
    const before = tokenizer.encode(word);
    if (before.length === 0 || before.includes(tokenizer.unknownId ?? -1)) continue;
    const both = tokenizer.encode(`${word}${text}`);
    if (before.every((id, i) => both[i] === id)) return both.slice(before.length);
  }
  return tokenizer.encode(text);
}

/** Texts, then ` It was W .` with each class's word: the class with the lowest mean token loss of the suffix is the answer (fedpeptao.md §1). */
export function createSuffixPrompt(tokenizer: TextTokenizer, task: Task): CausalPrompt {
  const words = task.prompts[0]?.labelWords ?? [];
  if (words.length === 0) throw new Error(`task ${task.name} has no label words to fill into its suffix`);
  const suffixes = words.map((word) => encodeContinuation(tokenizer, ` ${task.causalSuffix.replace("{word}", word)}`));
  const empty = suffixes.findIndex(({ length }) => length === 0);
  if (empty !== -1) throw new Error(`the suffix of task ${task.name} with the word "${words[empty]}" has no token of this backbone`);
  const longest = Math.max(...suffixes.map(({ length }) => length));
  return { encoder: createCausalEncoder(tokenizer, [], longest), suffixes, labelWords: words };
}

/** Texts, then ` It was`: the next token's logits at the label words are the answer. Throws, naming the word, when one is not a single token. */
export function createNextWordPrompt(tokenizer: TextTokenizer, task: Task): NextWordPrompt {
  const lead = ` ${task.causalSuffix.slice(0, task.causalSuffix.indexOf("{word}")).trimEnd()}`;
  const leadIds = encodeContinuation(tokenizer, lead);
  const problems: string[] = [];
  for (const { labelWords } of task.prompts) {
    const tokens = labelWords.map((word) => encodeContinuation(tokenizer, ` ${word}`));
    const problem = labelProblem(tokenizer, labelWords, tokens);
    if (problem === null) return { encoder: createCausalEncoder(tokenizer, leadIds, 0), labelIds: tokens.flat(), labelWords };
    problems.push(problem);
  }
  throw new Error(`this backbone cannot answer with the next token in ${task.name}: ${problems.join("; ") || "it has no label words"}`);
}

/** Encodes `text` and `textB` one after the other and `lead` behind them, leaving `reserved` places free; the mask position is the last token. */
function createCausalEncoder(tokenizer: TextTokenizer, lead: readonly number[], reserved: number): ExampleEncoder {
  const { before } = tokenizer.specials;
  return {
    encode({ text, textB }, maxTokens) {
      const room = maxTokens - before.length - lead.length - reserved;
      if (room < 1) throw new Error(`the prompt alone has ${maxTokens - room} tokens, which leaves no room for text in ${maxTokens}`);
      const first = tokenizer.encode(text.trim());
      const encoded = textB === undefined ? [first] : [first, encodeContinuation(tokenizer, ` ${textB.trim()}`)];
      const lengths = cutLengths(
        encoded.map(({ length }) => length),
        room,
      );
      const inner = encoded.flatMap((ids, i) => ids.slice(0, lengths[i]));
      const ids = [...before, ...inner, ...lead];
      // something must stand before the first token that is predicted
      const whole = ids.length === 0 ? [tokenizer.fillerId] : ids;
      return { ids: whole, maskPosition: whole.length - 1 };
    },
  };
}
