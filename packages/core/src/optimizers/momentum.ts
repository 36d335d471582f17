import { mapParams, type Params, requireSameShapes, zerosLike } from "../params.ts";
import { clipFactor } from "./clip.ts";

export interface MomentumSettings {
  /** Added to every clipped gradient: c − c_i of SCAFFOLD. */
  readonly correction?: Params;
  /** η of this step. */
  readonly learningRate: number;
  /** Share of the velocity that stays; 0 is plain SGD. */
  readonly momentum: number;
  /** Decoupled: θ ← θ − η · weightDecay · θ after the step. */
  readonly weightDecay: number;
  /** Largest global norm of the gradient. */
  readonly clipNorm: number;
}

/** Velocity by parameter name. */
export interface MomentumState {
  readonly velocity: Params;
}

/** Zero velocity for these parameters. */
export function initMomentum(params: Params): MomentumState {
  return { velocity: zerosLike(params) };
}

/** One step of SGD with heavy-ball momentum: u ← μu + g, θ ← θ − ηu, then decay; gradients clipped as in AdamW and then corrected. */
export function stepMomentum(
  params: Params,
  gradients: Params,
  state: MomentumState,
  settings: MomentumSettings,
): { params: Params; state: MomentumState } {
  requireSameShapes(params, gradients);
  requireSameShapes(params, state.velocity);
  const clip = clipFactor(gradients, settings.clipNorm);
  const velocity = mapParams(state.velocity, ({ shape, data }, name) => {
    const correction = settings.correction?.[name]?.data;
    const gradient = (i: number) => clip * gradients[name].data[i] + (correction === undefined ? 0 : correction[i]);
    return { shape, data: data.map((value, i) => settings.momentum * value + gradient(i)) };
  });
  const keep = 1 - settings.learningRate * settings.weightDecay;
  const next = mapParams(params, ({ shape, data }, name) => ({
    shape,
    data: data.map((value, i) => keep * (value - settings.learningRate * velocity[name].data[i])),
  }));
  return { params: next, state: { velocity } };
}
