import type * as tf from "@tensorflow/tfjs-core";
import type { TokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { firstRows } from "../kernels/linear.ts";
import { pickRows, spreadRows } from "../kernels/rows.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import type { InputDraws, TunedPass, TunedValues, Tuner } from "../tuning/tuner.ts";
import { vocabularyAnswers, vocabularyLossAndGradient } from "./vocabularyLoss.ts";

interface AnswerOptions {
  readonly transformer: Transformer;
  readonly tuner: Tuner;
  readonly positionsAfterPrefix: boolean;
  /** Of a training step; see `TunerOptions`. */
  readonly inputDraws?: InputDraws | undefined;
}

/** Texts, and where each one's answer begins. */
interface AnsweredTexts {
  readonly tokens: TokenBatch;
  readonly answerStarts?: readonly number[];
}

/** Texts with the tokens that are predicted in them, text after text. */
export interface AnswerBatch {
  /** What may be known of a text where its prompt is made: all before its answer. */
  readonly tokens: TokenBatch;
  /** The text of each predicted token. */
  readonly owners: readonly number[];
  /** The token of its text behind which each stands. */
  readonly places: readonly number[];
  readonly targets: readonly number[];
}

/** The tokens from `answerStarts` on of every text are predicted, each from all before it. */
export function answerBatch({ tokens, answerStarts }: AnsweredTexts): AnswerBatch {
  if (answerStarts === undefined) throw new Error("an answer's loss needs texts with answers, but some have none");
  const { ids, starts, lengths } = tokens;
  const each = answerStarts.flatMap((start, owner) =>
    Array.from({ length: lengths[owner] - start }, (_, i) => ({ owner, place: start + i - 1, target: ids[starts[owner] + start + i] })),
  );
  return {
    tokens: { ...tokens, contextLengths: answerStarts },
    owners: each.map(({ owner }) => owner),
    places: each.map(({ place }) => place),
    targets: each.map(({ target }) => target),
  };
}

/** The mean over the tokens of all answers, so that a long answer counts more than a short one, and its gradient. Call within `tf.tidy`. */
export function answerLossAndGradient(
  values: TunedValues,
  batch: AnsweredTexts,
  options: AnswerOptions,
): { loss: tf.Scalar; gradient: TunedValues } {
  const answers = answerBatch(batch);
  const { targets } = answers;
  const { pass, rows, read } = readAnswers(values, answers, { ...options, hasGradient: true });
  const shares = new Array<number>(targets.length).fill(1 / targets.length);
  const { loss, dRows } = vocabularyLossAndGradient(options.transformer, read, { targets, shares });
  return { loss, gradient: pass.backward(spreadRows(dRows, rows, pass.numRows)) };
}

/** The loss and the likeliest token of every predicted token, (S) each. Null values mean the bare backbone. Call within `tf.tidy`. */
export function predictAnswers(
  values: TunedValues | null,
  answers: AnswerBatch,
  options: AnswerOptions,
): { losses: tf.Tensor1D; best: tf.Tensor1D } {
  const tuner = values === null ? createBareTuner(options.transformer) : options.tuner;
  const { read } = readAnswers(values ?? {}, answers, { ...options, tuner, hasGradient: false });
  return vocabularyAnswers(options.transformer, read, answers.targets);
}

/** The states (S, H) from which the answers' tokens are predicted. */
function readAnswers(
  values: TunedValues,
  { tokens, owners, places }: AnswerBatch,
  options: AnswerOptions & { readonly hasGradient: boolean },
): { pass: TunedPass; rows: number[]; read: tf.Tensor2D } {
  const pass = options.tuner.forward(values, tokens, options);
  const rows = places.map((place, i) => pass.rowOf(owners[i], place));
  return { pass, rows, read: pickRows(pass.last, rows) };
}

/** A pass over texts, with the scores of their answers' tokens. */
export interface ScoredAnswers {
  /** (S, V). */
  readonly logits: tf.Tensor2D;
  /** d logits → the gradient of everything trained. */
  backward(dLogits: tf.Tensor2D): TunedValues;
}

/** The scores over the vocabulary of every predicted token. Null values mean the bare backbone. Call within `tf.tidy`. */
export function scoreAnswers(
  values: TunedValues | null,
  answers: AnswerBatch,
  options: AnswerOptions & { readonly hasGradient: boolean },
): ScoredAnswers {
  const { transformer, hasGradient } = options;
  const tuner = values === null ? createBareTuner(transformer) : options.tuner;
  const { pass, rows, read } = readAnswers(values ?? {}, answers, { ...options, tuner });
  const scored = transformer.head.forward(read, null, hasGradient);
  return {
    logits: scored.logits,
    backward(dLogits) {
      const dRows = firstRows(transformer.head.backward(dLogits, scored), rows.length);
      return pass.backward(spreadRows(dRows, rows, pass.numRows));
    },
  };
}
