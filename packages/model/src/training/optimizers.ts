import type * as tf from "@tensorflow/tfjs-core";
import type { Params, TrainingSettings } from "@tutti/core";
import { flattenTuned, type TunedLayout, unflattenTuned } from "../tuning/layout.ts";
import { type AdamWTensors, adamWStep, startAdamW } from "./adamWTensors.ts";
import type { DropoutTensor } from "./dropout.ts";
import { type MomentumTensors, momentumStep, startMomentum } from "./momentumTensors.ts";

/** What an optimiser keeps from step to step, by parameter name: AdamW's moments, or a velocity as `m` and nothing as `v`. */
export interface Moments {
  readonly m: Params;
  readonly v: Params;
  readonly step: number;
}

/** Trained values and what belongs to them, on the backend; the values are the first plane. */
export type OptimizerTensors = AdamWTensors | MomentumTensors;

/** One of the run's optimisers over all trained values. */
export interface Optimizer {
  start(params: Params, moments: Moments | null): OptimizerTensors;
  /** The gradient goes through the dropout first; `correction` is added to the clipped gradient. */
  step(
    state: OptimizerTensors,
    gradient: tf.Tensor1D,
    options: { readonly learningRate: number; readonly correction: tf.Tensor1D | null; readonly dropout: DropoutTensor | null },
  ): OptimizerTensors;
  /** All planes end to end → parameters and moments. */
  read(planes: Float32Array, step: number): { params: Params; moments: Moments };
}

/** Share of the velocity that stays. */
const momentum = 0.9;

/** The optimiser that the run's devices use. */
export function createOptimizer(layout: TunedLayout, training: TrainingSettings): Optimizer {
  const { weightDecay, clipNorm } = training;
  const flat = (params: Params) => flattenTuned(layout, params);
  const plane = (planes: Float32Array, index: number) =>
    unflattenTuned(layout, planes.subarray(index * layout.numValues, (index + 1) * layout.numValues));
  if (training.optimizer !== "adamW") {
    const stays = training.optimizer === "momentum" ? momentum : 0;
    return {
      start: (params, moments) => startMomentum(flat(params), moments === null ? null : { velocity: flat(moments.m), step: moments.step }),
      step: (state, gradient, options) => momentumStep(state, gradient, { ...options, momentum: stays, weightDecay, clipNorm }),
      read: (planes, step) => ({ params: plane(planes, 0), moments: { m: plane(planes, 1), v: {}, step } }),
    };
  }
  return {
    start: (params, moments) =>
      startAdamW(flat(params), moments === null ? null : { m: flat(moments.m), v: flat(moments.v), step: moments.step }),
    step(state, gradient, { learningRate, correction, dropout }) {
      if (correction !== null) throw new Error("a correction of the gradient needs the optimizer sgd or momentum, the run's is adamW");
      return adamWStep(state, gradient, { learningRate, weightDecay, clipNorm, dropout });
    },
    read: (planes, step) => ({ params: plane(planes, 0), moments: { m: plane(planes, 1), v: plane(planes, 2), step } }),
  };
}
