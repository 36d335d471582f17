import * as tf from "@tensorflow/tfjs-core";
import { promptParams, type RandomStream, type TaskSpec, type WordTable } from "@tutti/core";
import { tokenBatch } from "../backbone/batch.ts";
import { pickRows } from "../kernels/rows.ts";
import type { StepProgress } from "../trainer.ts";
import { withPrompt } from "../tuning/discretePrompt.ts";
import { predictAll } from "./evaluation.ts";
import type { Tuned } from "./gradient.ts";
import type { EncodedExample } from "./objective.ts";
import { throwIfAborted } from "./pause.ts";

type EditSpec = Extract<TaskSpec, { readonly kind: "edit" }>;

/** How a prompt is edited. */
export interface PromptEditing {
  /** The round's prompt. */
  readonly start: readonly number[];
  readonly spec: Pick<EditSpec, "numTrials" | "numCandidates" | "mostTokens">;
  readonly words: Pick<WordTable, "size" | "textOf">;
  /** Public texts, of which the model reads one behind the prompt when it proposes a word; without any it reads the prompt alone. */
  readonly contexts: readonly EncodedExample[];
  /** What places and words are drawn from. */
  readonly edits: RandomStream;
  onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The prompt that the edits lead to. */
export interface EditedPrompt {
  readonly tokens: readonly number[];
  /** Share of the examples that it answers rightly. */
  readonly accuracy: number;
}

/** Scores are compared in steps of this, so that what backends compute a little differently is a tie. */
const scoreSteps = 16;
const probabilitySteps = 1024;

/**
 * Edits of a prompt by trial, with forward passes alone (FedDTPT, https://arxiv.org/abs/2411.00985, §3.3): the masked language model proposes a word for a place, and the
 * edit stays where more of the examples are answered rightly, private and public ones together. Of equal prompts the older stays; no edit of the same prompt is tried twice.
 */
export async function editPrompt(tuned: Tuned, examples: readonly EncodedExample[], editing: PromptEditing): Promise<EditedPrompt> {
  const { start, spec, onStep, signal } = editing;
  const tried = new Set<string>([start.join()]);
  let best = start;
  let mostRight = await numRight(tuned, best, { examples, mostTokens: spec.mostTokens, signal });
  for (let trial = 1; trial <= spec.numTrials; trial++) {
    const edited = await proposeEdit(tuned, best, editing, { tried, examples });
    if (edited !== null) {
      tried.add(edited.join());
      const right = await numRight(tuned, edited, { examples, mostTokens: spec.mostTokens, signal });
      if (right > mostRight) [best, mostRight] = [edited, right];
    }
    onStep?.({ step: trial, numSteps: spec.numTrials, loss: Number.NaN });
  }
  return { tokens: best, accuracy: mostRight / examples.length };
}

interface Judging {
  readonly examples: readonly EncodedExample[];
  readonly mostTokens: number;
  readonly signal: AbortSignal | undefined;
}

async function numRight(tuned: Tuned, prompt: readonly number[], { examples, mostTokens, signal }: Judging): Promise<number> {
  const { probabilities } = await predictAll(tuned, promptParams(prompt, mostTokens), examples, signal);
  return examples.filter(({ label }, at) => likeliest(probabilities[at]) === label).length;
}

/** The first of the largest, where probabilities that are nearly the same are equal. */
function likeliest(probabilities: readonly number[]): number {
  const rounded = probabilities.map((value) => Math.round(value * probabilitySteps));
  return rounded.indexOf(Math.max(...rounded));
}

/** The prompt with one word more or another one at a place that is drawn; null where no word is left to try there. */
async function proposeEdit(
  { transformer }: Pick<Tuned, "transformer">,
  prompt: readonly number[],
  { spec, words, contexts, edits, signal }: PromptEditing,
  { tried, examples }: { readonly tried: ReadonlySet<string>; readonly examples: readonly EncodedExample[] },
): Promise<readonly number[] | null> {
  throwIfAborted(signal);
  const numGaps = prompt.length < spec.mostTokens ? prompt.length + 1 : 0;
  const drawn = edits.integer(numGaps + prompt.length);
  const ids = textBehind(contexts[edits.integer(Math.max(1, contexts.length))], examples);
  const choice = edits.integer(spec.numCandidates);
  const at = drawn < numGaps ? drawn : drawn - numGaps;
  const withWord = (id: number) => [...prompt.slice(0, at), id, ...prompt.slice(drawn < numGaps ? at : at + 1)];
  const scores = await maskScores(transformer, withPrompt(ids, withWord(maskIn(examples[0]))), 1 + at);
  const isOpen = (id: number) => words.textOf(id) !== null && !prompt.includes(id) && !tried.has(withWord(id).join());
  const candidates = bestWords(scores.subarray(0, words.size), spec.numCandidates, isOpen);
  return candidates.length === 0 ? null : withWord(candidates[choice % candidates.length]);
}

/** The text that the prompt is read in front of: a public one, or none but the tokens that begin and end every text, since a word may not tell of a private one. */
function textBehind(context: EncodedExample | undefined, [example]: readonly EncodedExample[]): readonly number[] {
  return context?.ids ?? [example.ids[0], example.ids[example.ids.length - 1]];
}

function maskIn({ ids, maskPosition }: EncodedExample): number {
  if (maskPosition === null) throw new Error("a masked language model proposes words, but the text has no mask");
  return ids[maskPosition];
}

/** Scores of all tokens at one place of a text, (V). */
async function maskScores(transformer: Tuned["transformer"], ids: readonly number[], place: number): Promise<Float32Array> {
  const logits = tf.tidy(() => {
    const { last } = transformer.forward(tokenBatch([ids], transformer.config.padTokenId), {
      prefixes: null,
      firstPosition: 0,
      hasGradient: false,
    });
    return transformer.head.forward(pickRows(last, [place]), null, false).logits;
  });
  return logits.data<"float32">().finally(() => logits.dispose());
}

/** The ids with the largest scores, of nearly equal ones the lower first. */
export function bestWords(scores: ArrayLike<number>, numWords: number, isOpen: (id: number) => boolean): number[] {
  const rounded = Array.from(scores, (score) => Math.round(score * scoreSteps));
  const byScore = [...rounded.keys()].sort((a, b) => rounded[b] - rounded[a] || a - b);
  const found: number[] = [];
  for (const id of byScore) {
    if (found.length === numWords) break;
    if (isOpen(id)) found.push(id);
  }
  return found;
}
