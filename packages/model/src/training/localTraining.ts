import * as tf from "@tensorflow/tfjs-core";
import { countSteps, type Params, type RandomStream, type TrainingSettings, warmedUpRate } from "@tutti/core";
import { flattenTuned, type TunedLayout, unflattenTuned } from "../tuning/layout.ts";
import { withResidual } from "../tuning/residual.ts";
import { trainedValues } from "./adamWTensors.ts";
import { drawDropout, drawInputs, dropOut, uploadDropout } from "./dropout.ts";
import { type Tuned, vectorGradient } from "./gradient.ts";
import { type Frozen, gradientWithout, heldIn, uploadFrozen } from "./heldValues.ts";
import { createLossLog } from "./lossLog.ts";
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
  /** Optimiser steps this device has already taken in the stage. */
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
  /** Mean training loss of the first and the last epoch. */
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/** E epochs of the run's optimiser over all trained parameters from `start`, whose residual stays as it is (fedpeptao.md §1 and §5). The numbers leave the backend once, at the end. */
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
  const { training, signal } = options;
  const numSteps = countSteps(examples.length, training);
  const losses = createLossLog(numSteps, options.onStep);
  const optimizer = createOptimizer(tuned.layout, training);
  const anchors = uploadAnchors(tuned.layout, start, options);
  const pause = createPauses();
  let state = optimizer.start(start, options.moments);
  try {
    let step = 0;
    for (let epoch = 0; epoch < training.localEpochs; epoch++) {
      const order = options.shuffle.shuffle(examples);
      for (let at = 0; at < order.length; at += training.batchSize) {
        throwIfAborted(signal);
        const batch = order.slice(at, at + training.batchSize);
        const learningRate = warmedUpRate(training.clientLearningRate, options.stageSteps + step + 1, options.warmupSteps);
        const { next, loss, watched } = takeStep(tuned, state, batch, { ...options, optimizer, anchors, learningRate });
        state.planes.dispose();
        state = next;
        if (watched.length > 0) await tell(watched, options);
        step += 1;
        await losses.add(loss, { epoch, weight: lossWeight(batch) });
        await pause();
      }
    }
    await losses.flush();
    const { params, moments } = optimizer.read(await state.planes.data<"float32">(), state.step);
    const [firstLoss, lastLoss] = [losses.meanOf(0), losses.meanOf(training.localEpochs - 1)];
    return { params, moments, numSteps, firstLoss, lastLoss };
  } finally {
    state.planes.dispose();
    tf.dispose(anchorTensors(anchors));
    losses.dispose();
  }
}

function takeStep(
  tuned: Tuned,
  state: OptimizerTensors,
  examples: readonly EncodedExample[],
  options: LocalTrainingOptions & { readonly optimizer: Optimizer; readonly anchors: Anchors; readonly learningRate: number },
): { next: OptimizerTensors; loss: tf.Scalar; watched: tf.Tensor[] } {
  const { training, promptDropout, dropout, optimizer, learningRate } = options;
  const { correction, start, frozen, tails } = options.anchors;
  const batch = labelledBatch(examples, tuned.transformer.config.padTokenId);
  const drawn = drawDropout(tuned.layout, promptDropout, dropout);
  const drawing = { ...tuned, inputDraws: drawInputs(tuned.tuner, dropout) };
  const { planes, loss, watched } = tf.tidy(() => {
    const dropped = drawn === null ? null : uploadDropout(drawn);
    const values = trainedValues(state);
    const { loss: meanLoss, gradient } = vectorGradient(drawing, dropped === null ? values : dropOut(values, dropped), batch);
    const seen = options.onGradient === undefined ? [] : [tf.clone(values), tf.clone(gradient)];
    const step = { learningRate, correction };
    const faded: tf.Tensor1D = tails === null ? gradient : tf.add(gradient, tailGradient(tails, values));
    const ofTrained = gradientWithout(faded, frozen);
    if (start === null) {
      return {
        planes: heldIn(optimizer.step(state, ofTrained, { ...step, dropout: dropped }).planes, frozen),
        loss: meanLoss,
        watched: seen,
      };
    }
    const unmasked = dropped === null ? ofTrained : dropOut(ofTrained, dropped);
    const pulled = towards(start, unmasked, values, training.proximal);
    return { planes: heldIn(optimizer.step(state, pulled, { ...step, dropout: null }).planes, frozen), loss: meanLoss, watched: seen };
  });
  return { next: { planes, step: state.step + 1 }, loss, watched };
}

/** Reads the values that a step began with and their gradient for who watches it. */
async function tell(watched: readonly tf.Tensor[], { onGradient }: LocalTrainingOptions): Promise<void> {
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
