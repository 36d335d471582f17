import type { ClassificationTask, Example, TaskPrompt } from "@tutti/data";
import type { TextTokenizer } from "./tokenizer.ts";

/** A text as a backbone reads it, with its special tokens. */
export interface EncodedText {
  readonly ids: readonly number[];
  /** Index of the mask token; null when the text is encoded without a template. */
  readonly maskPosition: number | null;
}

/** Encodes examples; longer ones are cut from the end of their text so that all fits in `maxTokens`, special tokens included. */
export interface ExampleEncoder {
  encode(example: Pick<Example, "text" | "textB">, maxTokens: number): EncodedText;
}

/** A prompt with its label words as tokens of the backbone. */
export interface TokenizedPrompt extends TaskPrompt {
  /** One token id per class. */
  readonly labelIds: readonly number[];
}

/** A run of the template's own tokens, or the place of a text. */
type Segment = { readonly ids: readonly number[] } | { readonly slot: "text" | "textB"; readonly isAfterSpace: boolean };

/**
 * An encoder for a template such as `{text} topic : {mask} .`; its own text is encoded once, the mask is found by its id and never cut.
 * The example's texts stand apart from the template by spaces, so the tokens are those of the filled-in string.
 */
export function createTemplate(tokenizer: TextTokenizer, template: string): ExampleEncoder {
  const segments = parseTemplate(tokenizer, template);
  const { before, after } = tokenizer.specials;
  const maskIndexes = segments.map((segment) => ("ids" in segment ? segment.ids.indexOf(tokenizer.mask?.id ?? -1) : -1));
  const maskSegment = maskIndexes.findIndex((index) => index !== -1);
  const maskOffset = maskIndexes[maskSegment] ?? 0;
  const numFixed = segments.reduce((sum, segment) => sum + ("ids" in segment ? segment.ids.length : 0), before.length + after.length);
  return {
    encode(example, maxTokens) {
      const encoded = segments.map((segment) => ("ids" in segment ? [] : encodeSlot(tokenizer, segment, example)));
      const room = maxTokens - numFixed;
      if (room < 1) throw new Error(`template "${template}" alone has ${numFixed} tokens, which leaves no room for text in ${maxTokens}`);
      const lengths = cutLengths(
        encoded.map(({ length }) => length),
        room,
      );
      const parts = segments.map((segment, i) => ("ids" in segment ? segment.ids : (encoded[i]?.slice(0, lengths[i]) ?? [])));
      const untilMask = parts.slice(0, maskSegment).flat().length + maskOffset;
      return { ids: [...before, ...parts.flat(), ...after], maskPosition: before.length + untilMask };
    },
  };
}

/**
 * An encoder without a template, for the linear head: `<s> text </s>`, or the tokenizer's form of a pair, spaces at their ends included. Where the tokenizer puts nothing
 * around texts, one without a token is one token, so that no row is empty.
 */
export function createPlainEncoder(tokenizer: TextTokenizer): ExampleEncoder {
  return {
    encode({ text, textB }, maxTokens) {
      const texts = textB === undefined ? [text] : [text, textB];
      const { before, between, after } = textB === undefined ? tokenizer.specials : tokenizer.pairSpecials;
      const numFixed = before.length + after.length + (texts.length - 1) * between.length;
      if (maxTokens <= numFixed) throw new Error(`${numFixed} special tokens leave no room for text in ${maxTokens}`);
      const encoded = texts.map((part) => tokenizer.encode(part));
      const lengths = cutLengths(
        encoded.map(({ length }) => length),
        maxTokens - numFixed,
      );
      const [first = [], second] = encoded.map((ids, i) => ids.slice(0, lengths[i]));
      const inner = second === undefined ? first : [...first, ...between, ...second];
      const ids = [...before, ...inner, ...after];
      return { ids: ids.length === 0 ? [tokenizer.fillerId] : ids, maskPosition: null };
    },
  };
}

/** The first of a task's prompts whose label words are all single tokens of this backbone; throws, naming the word, when there is none. */
export function choosePrompt(tokenizer: TextTokenizer, prompts: readonly TaskPrompt[]): TokenizedPrompt {
  const problems: string[] = [];
  for (const prompt of prompts) {
    const tokens = prompt.labelWords.map((word) => tokenizer.encode(` ${word}`));
    const problem = labelProblem(tokenizer, prompt.labelWords, tokens);
    if (problem === null) return { ...prompt, labelIds: tokens.flat() };
    problems.push(problem);
  }
  throw new Error(`this backbone cannot answer with the task's label words: ${problems.join("; ") || "it has none"}`);
}

/** Why these words, given with their tokens, cannot be the classes' answers; null when each is one known token and no two are the same. */
export function labelProblem(
  tokenizer: Pick<TextTokenizer, "tokenOf" | "unknownId">,
  words: readonly string[],
  tokens: readonly (readonly number[])[],
): string | null {
  const wrong = tokens.findIndex(({ length }) => length !== 1);
  if (wrong !== -1) {
    const pieces = tokens[wrong]?.map((id) => tokenizer.tokenOf(id)) ?? [];
    return `label word "${words[wrong]}" is ${pieces.length} tokens (${pieces.join(" ")}), it must be one`;
  }
  const ids = tokens.flat();
  const unknown = ids.indexOf(tokenizer.unknownId ?? -1);
  if (unknown !== -1) return `label word "${words[unknown]}" is not in its vocabulary`;
  const repeated = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  return repeated === -1 ? null : `label word "${words[repeated]}" is the same token as another class's`;
}

/** How a task's examples reach the backbone: through a template and label words, or plainly for the linear head (`prompt` is null). */
export function createTaskEncoder(
  tokenizer: TextTokenizer,
  task: Pick<ClassificationTask, "prompts">,
  head: "labelWords" | "linear",
): ExampleEncoder & { readonly prompt: TokenizedPrompt | null } {
  if (head === "linear") return { ...createPlainEncoder(tokenizer), prompt: null };
  const prompt = choosePrompt(tokenizer, task.prompts);
  return { ...createTemplate(tokenizer, prompt.template), prompt };
}

/** The template with its places filled in, as a person would read it. */
export function fillTemplate(template: string, example: Pick<Example, "text" | "textB">, mask: string): string {
  const values: Readonly<Record<string, string>> = { text: example.text.trim(), textB: example.textB?.trim() ?? "", mask };
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

function parseTemplate(tokenizer: TextTokenizer, template: string): Segment[] {
  const { mask } = tokenizer;
  if (mask === null) throw new Error(`template "${template}" needs a backbone with a mask token; this tokenizer has none`);
  checkPlaces(template);
  const segments: Segment[] = [];
  let literal = "";
  const endLiteral = () => {
    if (literal !== "") segments.push({ ids: tokenizer.encodeTemplate(literal) });
    literal = "";
  };
  for (const piece of template.split(/(\{\w+\})/)) {
    if (piece !== "{text}" && piece !== "{textB}") {
      literal += piece === "{mask}" ? mask.token : piece;
      continue;
    }
    const isAfterSpace = /\s$/.test(literal);
    literal = literal.trimEnd(); // the space belongs to the word after it
    endLiteral();
    segments.push({ slot: piece === "{text}" ? "text" : "textB", isAfterSpace });
  }
  endLiteral();
  const numMasks = segments.flatMap((segment) => ("ids" in segment ? segment.ids : [])).filter((id) => id === mask.id).length;
  if (numMasks !== 1) throw new Error(`template "${template}": the tokenizer finds ${numMasks} mask tokens, expected 1`);
  return segments;
}

function checkPlaces(template: string): void {
  const places = [...template.matchAll(/\{(\w+)\}/g)].map(([place]) => place);
  const count = (place: string) => places.filter((found) => found === place).length;
  const unknown = places.find((place) => !["{text}", "{textB}", "{mask}"].includes(place));
  if (unknown !== undefined) throw new Error(`template "${template}": ${unknown} is not one of {text}, {textB}, {mask}`);
  if (count("{text}") !== 1 || count("{mask}") !== 1 || count("{textB}") > 1) {
    throw new Error(`template "${template}" must hold {text} and {mask} once, and {textB} at most once`);
  }
  if (/\S\{text|\{textB?\}\S/.test(template)) throw new Error(`template "${template}": {text} and {textB} must stand between spaces`);
}

function encodeSlot(
  tokenizer: TextTokenizer,
  segment: { slot: "text" | "textB"; isAfterSpace: boolean },
  example: Pick<Example, "text" | "textB">,
) {
  const text = example[segment.slot];
  if (text === undefined) throw new Error(`the template asks for ${segment.slot}, which this example does not have`);
  const trimmed = text.trim();
  return tokenizer.encode(segment.isAfterSpace && trimmed !== "" ? ` ${trimmed}` : trimmed);
}

/** Lengths after cutting to `room` in all: the longest text gives way until it is as long as the next, then both in turn. */
export function cutLengths(lengths: readonly number[], room: number): number[] {
  const cut = [...lengths];
  for (let rest = cut.reduce((a, b) => a + b, 0) - room; rest > 0; ) {
    const longest = cut.lastIndexOf(Math.max(...cut));
    const next = Math.max(0, ...cut.filter((_, i) => i !== longest));
    const drop = Math.min(rest, Math.max(1, (cut[longest] ?? 0) - next));
    cut[longest] = (cut[longest] ?? 0) - drop;
    rest -= drop;
  }
  return cut;
}
