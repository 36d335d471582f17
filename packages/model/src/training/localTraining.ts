import * as tf from "@tensorflow/tfjs-core";
import { countSteps, type Params, type RandomStream, type TrainingSettings, warmedUpRate } from "@tutti/core";
import { flattenTuned, type TunedLayout, unflattenTuned } from "../tuning/layout.ts";
import { withResidual } from "../tuning/residual.ts";
import type { InputDraws } from "../tuning/tuner.ts";
import { trainedValues } from "./adamWTensors.ts";
import { createCountedSteps, type TakenStep } from "./countedSteps.ts";
import { type Dropout, drawDropout, drawInputs, dropOut, uploadDropout } from "./dropout.ts";
import { type Tuned, vectorGradient } from "./gradient.ts";
import { type Frozen, gradientWithout, heldIn, uploadFrozen } from "./heldValues.ts";
import { type EncodedExample, labelledBatch, lossWeight } from "./objective.ts";
import { createOptimizer, type Moments, type Optimizer, type OptimizerTensors } from "./optimizers.ts";
import { createPauses, throwIfAborted } from "./pause.ts";
import { type Tails, tailGradient, uploadTails } from "./tailPenalty.ts";

/** The settings of one train task, and where the device's optimiser stands. */
export interface LocalTrainingOptions {
  readonly training: TrainingSettings;
  /** Share of prompt values zeroed in every step. */
  readonly promptDropout: number;
  /** Linear warm-up of the rate, counted in `stageSteps`. */
  readonly warmupSteps: number;
  /** Optimiser steps that this device has already taken in the stage. */
  readonly stageSteps: number;
  /** Null starts them at zero. */
  readonly moments: Moments | null;
  /** Added to every step's clipped gradient, where a name is missing 0: c − c_i of SCAFFOLD. */
  readonly correction?: Params | undefined;
  /** The last components of low-rank differences fade; absent for none. */
  readonly fades?: { readonly pruneTo: number; readonly penalty: number } | undefined;
  /** Names of parameters that no step changes. */
  readonly frozen?: readonly string[] | undefined;
  readonly shuffle: RandomStream;
  readonly dropout: RandomStream;
  /** Hears of every step the values that it began with and their gradient, not clipped; each is read from the backend for it. */
  readonly onGradient?: ((values: Float32Array, gradient: Float32Array) => void) | undefined;
  readonly onStep?: ((progress: { step: number; numSteps: number; loss: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a device's local training ends with. */
interface LocalTrainingResult {
  /** y_i, all trained parameters. */
  readonly params: Params;
  readonly moments: Moments;
  /** K_i. */
  readonly numSteps: number;
  /** Of these, steps that were not taken, because loss or gradient of their batch was not finite. */
  readonly numSkipped: number;
  /** Mean training loss of the first and the last epoch, of those in which a step was taken. */
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/**
 * E epochs, or a given number of steps, of the run's optimiser over all trained parameters from `start`, whose residual stays as it is (fedpeptao.md §1 and §5). The numbers leave the
 * backend once, at the end. A batch whose loss or gradient is not finite is skipped; throws where that is every one.
 */
export async function trainLocally(
  tuned: Tuned,
  start: Params,
  examples: readonly EncodedExample[],
  options: LocalTrainingOptions,
): Promise<LocalTrainingResult> {
  return withResidual(tuned, start, (whole) => trainWith(whole, start, examples, options));
}

async function trainWith(
  tuned: Tuned,
  start: Params,
  examples: readonly EncodedExample[],
  options: LocalTrainingOptions,
): Promise<LocalTrainingResult> {
  const { training, signal, stageSteps, warmupSteps, onStep } = options;
  const numSteps = countSteps(examples.length, training);
  const optimizer = createOptimizer(tuned.layout, training);
  const anchors = uploadAnchors(tuned.layout, start, options);
  const pause = createPauses();
  let step = 0;
  const steps = createCountedSteps<DrawnBatch>(optimizer.start(start, options.moments), {
    take(state, batch, numTaken) {
      const learningRate = warmedUpRate(training.clientLearningRate, stageSteps + numTaken + 1, warmupSteps);
      return takeStep(tuned, state, batch, { ...options, optimizer, anchors, learningRate });
    },
    onBatch(loss) {
      step += 1;
      onStep?.({ step, numSteps, loss });
    },
    onWatched: (watched) => tell(watched, options),
    readEvery: tf.getBackend() === "webgpu" && options.onGradient === undefined ? stepsPerRead : 1,
  });
  try {
    for (const batch of drawBatches(tuned, examples, options)) {
      throwIfAborted(signal);
      await steps.add(batch);
      await pause();
    }
    await steps.settle();
    const { numTaken, numSkipped } = steps.counts();
    if (numTaken === 0)
      throw new Error(`local training: loss or gradient of each of ${numSkipped} batches is not finite; the learning rate may be too high`);
    const { planes, step: numMoved } = steps.state();
    const { params, moments } = optimizer.read(await planes.data<"float32">(), numMoved);
    const losses = steps.epochLosses();
    return { params, moments, numSteps, numSkipped, firstLoss: losses[0], lastLoss: losses[losses.length - 1] };
  } finally {
    steps.dispose();
    tf.dispose(anchorTensors(anchors));
  }
}

/** Steps between two reads on WebGPU, where reading waits for the queue; elsewhere every step is read. */
const stepsPerRead = 8;

/** A batch with what is drawn for its step, which may be taken more than once. */
interface DrawnBatch {
  readonly epoch: number;
  readonly weight: number;
  readonly examples: readonly EncodedExample[];
  readonly drawn: Dropout | null;
  readonly inputDraws: InputDraws | undefined;
}

function* drawBatches(tuned: Tuned, examples: readonly EncodedExample[], options: LocalTrainingOptions): Generator<DrawnBatch> {
  const { training, promptDropout, dropout, shuffle } = options;
  let numLeft = countSteps(examples.length, training);
  for (let epoch = 0; numLeft > 0; epoch++) {
    const order = shuffle.shuffle(examples);
    for (let at = 0; at < order.length && numLeft > 0; at += training.batchSize) {
      numLeft -= 1;
      const batch = order.slice(at, at + training.batchSize);
      const drawn = drawDropout(tuned.layout, promptDropout, dropout);
      yield { epoch, weight: lossWeight(batch), examples: batch, drawn, inputDraws: drawInputs(tuned.tuner, dropout) };
    }
  }
}

function takeStep(
  tuned: Tuned,
  state: OptimizerTensors,
  { examples, drawn, inputDraws }: DrawnBatch,
  options: LocalTrainingOptions & { readonly optimizer: Optimizer; readonly anchors: Anchors; readonly learningRate: number },
): TakenStep {
  const { training, optimizer, learningRate } = options;
  const { correction, start, frozen, tails } = options.anchors;
  const batch = labelledBatch(examples, tuned.transformer.config.padTokenId);
  const drawing = { ...tuned, inputDraws };
  const { planes, ...found } = tf.tidy(() => {
    const dropped = drawn === null ? null : uploadDropout(drawn);
    const values = trainedValues(state);
    const { loss: meanLoss, gradient } = vectorGradient(drawing, dropped === null ? values : dropOut(values, dropped), batch);
    const seen = options.onGradient === undefined ? [] : [tf.clone(values), tf.clone(gradient)];
    const step = { learningRate, correction };
    const faded: tf.Tensor1D = tails === null ? gradient : tf.add(gradient, tailGradient(tails, values));
    const ofTrained = gradientWithout(faded, frozen);
    const told = { loss: meanLoss, squares: tf.sum<tf.Scalar>(tf.square(ofTrained)), watched: seen };
    if (start === null) return { ...told, planes: heldIn(optimizer.step(state, ofTrained, { ...step, dropout: dropped }).planes, frozen) };
    const unmasked = dropped === null ? ofTrained : dropOut(ofTrained, dropped);
    const pulled = towards(start, unmasked, values, training.proximal);
    return { ...told, planes: heldIn(optimizer.step(state, pulled, { ...step, dropout: null }).planes, frozen) };
  });
  return { ...found, next: { planes, step: state.step + 1 } };
}

/** Reads the values that a step began with and their gradient for who watches it. */
async function tell(watched: readonly tf.Tensor[], { onGradient }: LocalTrainingOptions): Promise<void> {
  if (watched.length === 0) return;
  const [values, gradient] = await Promise.all(watched.map((tensor) => tensor.data<"float32">()));
  tf.dispose([...watched]);
  onGradient?.(values.subarray(0, gradient.length), gradient);
}

/** g + μ (θ − θ₀), FedProx's gradient (https://arxiv.org/abs/1812.06127, equation 2); `values` begins with θ. */
function towards(start: tf.Tensor1D, gradient: tf.Tensor1D, values: tf.Tensor1D, proximal: number): tf.Tensor1D {
  return tf.add(gradient, tf.mul(tf.sub(tf.slice1d(values, 0, start.size), start), proximal));
}

/** Vectors over all trained values that every step reads. */
interface Anchors {
  readonly correction: tf.Tensor1D | null;
  /** Where the task started; null where nothing pulls there. */
  readonly start: tf.Tensor1D | null;
  readonly frozen: Frozen | null;
  readonly tails: Tails | null;
}

function anchorTensors({ correction, start, frozen, tails }: Anchors): tf.Tensor[] {
  return [correction, start, tails?.ofB ?? null, tails?.ofA ?? null, ...Object.values(frozen ?? {})].filter((anchor) => anchor !== null);
}

function uploadAnchors(layout: TunedLayout, start: Params, { correction, fades, frozen = [], training }: LocalTrainingOptions): Anchors {
  return {
    correction:
      correction === undefined
        ? null
        : tf.tensor1d(flattenTuned(layout, { ...unflattenTuned(layout, new Float32Array(layout.numValues)), ...correction })),
    start: training.proximal === 0 ? null : tf.tensor1d(flattenTuned(layout, start)),
    frozen: uploadFrozen(layout, start, frozen),
    tails: fades === undefined ? null : uploadTails(layout, fades),
  };
}
