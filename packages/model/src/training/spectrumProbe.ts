import * as tf from "@tensorflow/tfjs-core";
import { lanczos, type RandomStream, type RitzSpectrum, rademacher } from "@tutti/core";
import { type Tuned, vectorGradient } from "./gradient.ts";
import type { LabelledBatch } from "./objective.ts";
import { throwIfAborted, yieldToEvents } from "./pause.ts";

/** The differences of a product are narrow enough when the two extrapolations of lower order differ by less than this share. */
const agreement = 1e-3;
const smallestStep = 2 ** -8;

/** The Hessian of a batch's mean loss over the prompts, known by its products. */
interface HessianProduct {
  /** H v for a unit vector over all values of the method, by central differences of the gradient. */
  times(v: Float32Array): Promise<Float64Array>;
  /** h, the present step of the differences. */
  readonly step: number;
}

/**
 * Hv ≈ (g(θ + hv) − g(θ − hv)) / 2h at h, h/2 and h/4, extrapolated to h = 0 up to h⁶ (Romberg). h starts at 1 and is halved while that brings
 * the extrapolations nearer to each other; later products, along unit vectors too, go on from that h (fedpeptao.md §4, step 2). Two
 * differences would do for a product, but not for what follows from twenty: the directions of the largest eigenvalues, where Lanczos goes,
 * bend most, and a narrower h pays with rounding. Where halving brings nothing, rounding is all that is left, and h stays as wide as it is.
 * The head, when there is one, stays fixed.
 */
export function hessianProduct(tuned: Tuned, values: Float32Array, batch: LabelledBatch): HessianProduct {
  const { numMethodValues } = tuned.layout;
  let step = 1;

  async function gradientAt(v: Float32Array, h: number): Promise<Float32Array> {
    const moved = values.slice(); // plain loops here and below: `from` with a function takes twenty times as long
    for (let i = 0; i < numMethodValues; i++) moved[i] = values[i] + h * v[i];
    const gradient = tf.tidy(() => vectorGradient(tuned, tf.tensor1d(moved), batch).gradient);
    try {
      return (await gradient.data<"float32">()).slice(0, numMethodValues);
    } finally {
      gradient.dispose();
    }
  }

  async function difference(v: Float32Array, h: number): Promise<Float64Array> {
    const ahead = await gradientAt(v, h);
    const behind = await gradientAt(v, -h);
    const slopes = new Float64Array(ahead.length);
    for (let i = 0; i < slopes.length; i++) slopes[i] = (ahead[i] - behind[i]) / (2 * h);
    return slopes;
  }

  return {
    get step() {
      return step;
    },
    async times(v) {
      let widths: Widths = [await difference(v, step), await difference(v, step / 2), await difference(v, step / 4)];
      let best = extrapolate(widths);
      while (best.disagreement > agreement && step > smallestStep) {
        widths = [widths[1], widths[2], await difference(v, step / 8)];
        const narrower = extrapolate(widths);
        if (narrower.disagreement >= best.disagreement) break;
        best = narrower;
        step /= 2;
      }
      return best.product;
    },
  };
}

/** Differences at h, h/2 and h/4. */
type Widths = readonly [Float64Array, Float64Array, Float64Array];

/** The product at h = 0, and how far apart the two estimates are that it is made of, as a share of it. */
function extrapolate([wide, middle, narrow]: Widths): { readonly product: Float64Array; readonly disagreement: number } {
  const first = middle.map((value, i) => (4 * value - wide[i]) / 3);
  const second = narrow.map((value, i) => (4 * value - middle[i]) / 3);
  const product = second.map((value, i) => (16 * value - first[i]) / 15);
  return { product, disagreement: distance(first, second) / length(product) };
}

/** Ritz values and weights of the batch's Hessian by stochastic Lanczos from one Rademacher start. */
export function probeSpectrum(
  tuned: Tuned,
  values: Float32Array,
  batch: LabelledBatch,
  options: {
    readonly lanczosSteps: number;
    readonly random: RandomStream;
    onStep?(step: number): void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RitzSpectrum> {
  const product = hessianProduct(tuned, values, batch);
  const times = async (v: Float32Array) => {
    throwIfAborted(options.signal);
    await yieldToEvents();
    return product.times(v);
  };
  const start = rademacher(tuned.layout.numMethodValues, options.random);
  return lanczos(times, { start, numSteps: options.lanczosSteps, onStep: (step) => options.onStep?.(step) });
}

function length(v: Float64Array): number {
  return Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
