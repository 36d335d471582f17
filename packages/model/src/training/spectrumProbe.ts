import * as tf from "@tensorflow/tfjs";
import { lanczos, type RandomStream, type RitzSpectrum, rademacher } from "@tutti/core";
import { type Tuned, vectorGradient } from "./gradient.ts";
import type { LabelledBatch } from "./objective.ts";
import { throwIfAborted, yieldToEvents } from "./pause.ts";

/** Two estimates of one product agree when they differ by less than this share; what their extrapolation leaves is far less. */
const agreement = 1e-3;
const smallestStep = 2 ** -8;

/** The Hessian of a batch's mean loss over the prompts, known by its products. */
export interface HessianProduct {
  /** H v for a unit vector over all prefix values, by central differences of the gradient. */
  times(v: Float32Array): Promise<Float32Array>;
  /** h, the present step of the differences. */
  readonly step: number;
}

/**
 * Hv ≈ (g(θ + hv) − g(θ − hv)) / 2h. h starts at 1 and is halved until two estimates agree, which are then extrapolated to h = 0; later
 * products, along unit vectors too, go on from that h (fedpeptao.md §4, step 2; extrapolation because the directions of the largest
 * eigenvalues, where Lanczos goes, bend most). The head, when there is one, stays fixed.
 */
export function hessianProduct(tuned: Tuned, values: Float32Array, batch: LabelledBatch): HessianProduct {
  const { numPrefixValues } = tuned.layout;
  let step = 1;

  async function gradientAt(v: Float32Array, h: number): Promise<Float32Array> {
    const moved = Float32Array.from(values, (value, i) => (i < numPrefixValues ? value + h * v[i] : value));
    const gradient = tf.tidy(() => vectorGradient(tuned, tf.tensor1d(moved), batch).gradient);
    try {
      return (await gradient.data<"float32">()).slice(0, numPrefixValues);
    } finally {
      gradient.dispose();
    }
  }

  async function difference(v: Float32Array, h: number): Promise<Float32Array> {
    const ahead = await gradientAt(v, h);
    const behind = await gradientAt(v, -h);
    return ahead.map((value, i) => (value - behind[i]) / (2 * h));
  }

  return {
    get step() {
      return step;
    },
    async times(v) {
      let wide = await difference(v, step);
      let narrow = await difference(v, step / 2);
      while (distance(wide, narrow) > agreement * length(narrow) && step > smallestStep) {
        step /= 2;
        wide = narrow;
        narrow = await difference(v, step / 2);
      }
      return narrow.map((value, i) => (4 * value - wide[i]) / 3);
    },
  };
}

/** Ritz values and weights of the batch's Hessian by stochastic Lanczos from one Rademacher start. */
export function probeSpectrum(
  tuned: Tuned,
  values: Float32Array,
  batch: LabelledBatch,
  options: { readonly lanczosSteps: number; readonly random: RandomStream; onStep?(step: number): void; readonly signal?: AbortSignal },
): Promise<RitzSpectrum> {
  const product = hessianProduct(tuned, values, batch);
  const times = async (v: Float32Array) => {
    throwIfAborted(options.signal);
    await yieldToEvents();
    return product.times(v);
  };
  const start = rademacher(tuned.layout.numPrefixValues, options.random);
  return lanczos(times, { start, numSteps: options.lanczosSteps, onStep: (step) => options.onStep?.(step) });
}

function length(v: Float32Array): number {
  return Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
