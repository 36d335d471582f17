import { type Params, requireSameShapes, zerosLike } from "../params.ts";
import { clipFactor } from "./clip.ts";

export interface AdamWSettings {
  /** η of this step. */
  readonly learningRate: number;
  /** Decoupled: θ ← θ − η · weightDecay · θ after the step. */
  readonly weightDecay: number;
  /** Largest global norm of the gradient. */
  readonly clipNorm: number;
}

/** Moments by parameter name, and the number of steps taken. */
export interface AdamWState {
  readonly m: Params;
  readonly v: Params;
  readonly step: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Zero moments for these parameters. */
export function initAdamW(params: Params): AdamWState {
  return { m: zerosLike(params), v: zerosLike(params), step: 0 };
}

/**
 * One step of AdamW as FedPepTAO's devices take it (fedpeptao.md §5): clipped gradient, bias-corrected rate, ε outside the root, then decay.
 * Gradients and moments must have exactly the names and shapes of the parameters.
 */
export function stepAdamW(
  params: Params,
  gradients: Params,
  state: AdamWState,
  settings: AdamWSettings,
): { params: Params; state: AdamWState } {
  requireSameShapes(params, gradients);
  requireSameShapes(params, state.m);
  requireSameShapes(params, state.v);
  const step = state.step + 1;
  const rate = (settings.learningRate * Math.sqrt(1 - BETA2 ** step)) / (1 - BETA1 ** step);
  const keep = 1 - settings.learningRate * settings.weightDecay;
  const clip = clipFactor(gradients, settings.clipNorm);
  const next: Record<"params" | "m" | "v", Record<string, Params[string]>> = { params: {}, m: {}, v: {} };
  for (const [name, { shape, data }] of Object.entries(params)) {
    const gradient = gradients[name].data;
    const [oldM, oldV] = [state.m[name].data, state.v[name].data];
    const [theta, m, v] = [new Float32Array(data.length), new Float32Array(data.length), new Float32Array(data.length)];
    for (let i = 0; i < data.length; i++) {
      const g = clip * gradient[i];
      m[i] = BETA1 * oldM[i] + (1 - BETA1) * g;
      v[i] = BETA2 * oldV[i] + (1 - BETA2) * g * g;
      theta[i] = keep * (data[i] - (rate * m[i]) / (Math.sqrt(v[i]) + EPSILON));
    }
    next.params[name] = { shape, data: theta };
    next.m[name] = { shape, data: m };
    next.v[name] = { shape, data: v };
  }
  return { params: next.params, state: { m: next.m, v: next.v, step } };
}
