import * as tf from "@tensorflow/tfjs-core";
import { type DistilSpec, type Params, proxyScores, type RandomStream } from "@tutti/core";
import type { StepProgress } from "../trainer.ts";
import { adamWStep, startAdamW, trainedValues } from "../training/adamWTensors.ts";
import { scoreAnswers } from "../training/answers.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import { throwIfAborted, yieldToEvents } from "../training/pause.ts";
import { flattenTuned, joinTuned, unflattenTuned, valuesFor } from "../tuning/layout.ts";
import { addKept, type KeptPosition } from "./keptDifference.ts";
import { batchOf, scoresOfTexts } from "./publicTexts.ts";

/** What is distilled, into what, over which texts. */
export interface Distillation {
  /** The small model; what it trains is the student. */
  readonly small: Tuned;
  readonly texts: readonly EncodedExample[];
  /** s_large − s_small of each text's answer. */
  readonly differences: readonly (readonly KeptPosition[])[];
  /** Where the student starts; as the teacher's part it stays as it is. */
  readonly mean: Params;
  /** What the tuned small model is compared with; null for the bare one. */
  readonly reference: Params | null;
  readonly spec: Omit<DistilSpec, "kind" | "large" | "topK">;
  readonly clipNorm: number;
  readonly shuffle: RandomStream;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the student comes to. */
export interface Distilled {
  readonly student: Params;
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Mean |s_student − s_untuned| over the first texts. */
  readonly drift: number;
}

/** Texts over which the drift is measured. */
const driftTexts = 16;

/**
 * T² KL(softmax(z / T) ‖ softmax(s_student / T)), a mean over the answers' tokens, with z = s_large + a (s_tuned − s_reference); s_tuned is a frozen
 * copy of the student's start, since a teacher that learnt with its student would run away from it.
 */
export async function distil(options: Distillation): Promise<Distilled> {
  const { small, mean, spec, clipNorm, onStep, signal } = options;
  const { numSteps, learningRate } = spec;
  let state = startAdamW(flattenTuned(small.layout, mean));
  const losses: number[] = [];
  const batches = batchesInTurn(options);
  try {
    for (let step = 1; step <= numSteps; step++) {
      throwIfAborted(signal);
      const indices = batches();
      const target = await teacherScores(options, indices);
      const { planes, loss } = tf.tidy(() => {
        const values = trainedValues(state);
        const { loss: meanLoss, gradient } = distilGradient(options, indices, { values, target });
        return { planes: adamWStep(state, gradient, { learningRate, weightDecay: 0, clipNorm }).planes, loss: meanLoss };
      });
      state.planes.dispose();
      state = { planes, step };
      const [value] = await loss.data().finally(() => loss.dispose());
      losses.push(value);
      onStep?.({ step, numSteps, loss: value });
      await yieldToEvents();
    }
    const values = await state.planes.data<"float32">();
    const student = unflattenTuned(small.layout, values.subarray(0, small.layout.numValues));
    return { student, firstLoss: losses[0], lastLoss: losses[losses.length - 1], drift: await driftOf(options, student) };
  } finally {
    state.planes.dispose();
  }
}

/** Every text once in a shuffled order, then again in another. */
function batchesInTurn({ texts, spec: { batchSize }, shuffle }: Distillation): () => number[] {
  const all = texts.map((_, index) => index);
  let waiting: number[] = [];
  return () => {
    const batch: number[] = [];
    while (batch.length < Math.min(batchSize, all.length)) {
      if (waiting.length === 0) waiting = [...shuffle.shuffle(all)];
      batch.push(waiting.pop() as number);
    }
    return batch;
  };
}

/** z of every predicted token, end to end (S · V). */
async function teacherScores({ small, texts, differences, mean, reference, spec }: Distillation, indices: readonly number[]) {
  const batch = indices.map((index) => texts[index]);
  const bare = await scoresOfTexts(small, null, batch);
  const tuned = await scoresOfTexts(small, mean, batch);
  const untuned = reference === null ? bare : await scoresOfTexts(small, reference, batch);
  const kept = indices.flatMap((index) => differences[index]);
  const rows = kept.map((position, row) =>
    proxyScores({ large: addKept(bare[row], position), tuned: tuned[row], untuned: untuned[row] }, spec.a),
  );
  const vocabSize = rows[0].length;
  const scores = new Float32Array(rows.length * vocabSize);
  for (const [row, values] of rows.entries()) scores.set(values, row * vocabSize);
  return { scores, shape: [rows.length, vocabSize] as [number, number] };
}

type Target = Awaited<ReturnType<typeof teacherScores>>;

/** The loss of a batch and its gradient. Call within `tf.tidy`. */
export function distilGradient(
  { small, texts, spec: { temperature } }: Pick<Distillation, "small" | "texts" | "spec">,
  indices: readonly number[],
  { values, target }: { readonly values: tf.Tensor1D; readonly target: Target },
): { loss: tf.Scalar; gradient: tf.Tensor1D } {
  const batch = batchOf(
    small,
    indices.map((index) => texts[index]),
  );
  const student = scoreAnswers(valuesFor(small.tuner, small.layout, values), batch, { ...small, hasGradient: true });
  const { loss, dLogits } = distilLoss(
    tf.slice2d(student.logits, [0, 0], target.shape),
    tf.tensor2d(target.scores, target.shape),
    temperature,
  );
  return { loss, gradient: joinTuned(small.layout, student.backward(dLogits)) };
}

/** T² KL(softmax(z / T) ‖ softmax(s / T)) of scores (S, V), a mean over rows, and T (softmax(s / T) − softmax(z / T)) / S. Call within `tf.tidy`. */
export function distilLoss(scores: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number): { loss: tf.Scalar; dLogits: tf.Tensor2D } {
  const [numRows] = scores.shape;
  const [logP, logQ] = [scores, teacher].map((logits) => tf.logSoftmax(tf.div<tf.Tensor2D>(logits, temperature)));
  const q = tf.exp(logQ);
  const loss = tf.mul<tf.Scalar>(tf.sum(tf.mul(q, tf.sub(logQ, logP))), temperature ** 2 / numRows);
  return { loss, dLogits: tf.mul(tf.sub(tf.exp(logP), q), temperature / numRows) };
}

async function driftOf({ small, texts }: Distillation, student: Params): Promise<number> {
  const batch = texts.slice(0, driftTexts);
  const [bare, tuned] = [await scoresOfTexts(small, null, batch), await scoresOfTexts(small, student, batch)];
  let [sum, count] = [0, 0];
  for (const [row, scores] of tuned.entries()) {
    for (let token = 0; token < scores.length; token++) sum += Math.abs(scores[token] - bare[row][token]);
    count += scores.length;
  }
  return sum / count;
}
