import {
  componentsAt,
  isSvdName,
  type LiveComponents,
  liveOf,
  type Params,
  placesIn,
  sizeOf,
  svdTriplets,
  type Tensor,
  tunedShape,
} from "@tutti/core";
import type { Tuned } from "../training/gradient.ts";
import type { Moments } from "../training/optimizers.ts";
import type { Workplace } from "../workplace.ts";
import type { TunedLayout } from "./layout.ts";
import { cutTo } from "./ownLayout.ts";

/**
 * What a device trains at its own ranks: each low-rank factor at the rank that it was sent at, and nothing of matrices whose factors it was not
 * sent. Their scale stays the run's. The kernels do not depend on ranks, so that devices of other ranks follow at no cost.
 */
export function tunedAt({ run, layout, reader }: Pick<Workplace, "run" | "layout" | "reader">, sent: Params): Tuned {
  if (reader.tuned.tuner.atRanks === undefined)
    throw new Error(
      `a task at a device's own ranks: tuning.method ${run.tuning.method} has no low-rank factors, lora or svdLora is expected`,
    );
  return { ...reader.tuned, ...cutTo({ ...reader.tuned, layout }, sent) };
}

/** Moments of earlier ranks for these: those of the components that both have, and 0 of the others. */
export function momentsAt({ entries }: TunedLayout, { m, v, step }: Moments): Moments {
  const fit = (params: Params): Params => {
    if (Object.keys(params).length === 0) return params; // an optimiser without these
    return Object.fromEntries(
      entries.map(({ name, shape }) => [name, resized(params[name] ?? { shape: [0, 0], data: new Float32Array(0) }, shape)]),
    );
  };
  return { m: fit(m), v: fit(v), step };
}

/**
 * Moments for the components that are alive in a task: those of components that have died since are dropped. Throws where the mask is not one of the run's
 * components.
 */
export function momentsOfLive(
  run: TunedLayout,
  { m, v, step }: Moments,
  { before, after }: { readonly before: readonly number[]; readonly after: readonly number[] },
): Moments {
  const triplets = svdTriplets(tunedShape(run.entries));
  const ranks = ranksOf(run);
  const places = placesIn(liveOf(before, ranks), liveOf(after, ranks));
  const left = (params: Params): Params => (Object.keys(params).length === 0 ? params : componentsAt(params, triplets, places));
  return { m: left(m), v: left(v), step };
}

/** The components that a task's mask says are alive. Throws where the tensors that were sent are not those of them. */
export function liveIn(run: TunedLayout, mask: readonly number[], sent: Params): LiveComponents {
  const live = liveOf(mask, ranksOf(run));
  for (const [j, { e }] of svdTriplets(tunedShape(run.entries)).entries()) {
    const found = sent[e]?.shape[0] ?? 0;
    if (found !== live[j].length) throw new Error(`tensor ${e}: found ${found} components, the task's mask names ${live[j].length}`);
  }
  return live;
}

function ranksOf({ entries }: TunedLayout): number[] {
  return entries.filter(({ name }) => isSvdName(name) && name.endsWith("/e")).map(({ shape }) => shape[0]);
}

/** The leading rows and columns; what is beyond the tensor is 0. The tensor itself where it has that shape. */
function resized(tensor: Tensor, shape: readonly number[]): Tensor {
  const { shape: from, data } = tensor;
  if (from.length === shape.length && from.every((size, axis) => size === shape[axis])) return tensor;
  const out = new Float32Array(sizeOf(shape));
  const [numRows, numColumns] = [Math.min(from[0], shape[0]), Math.min(from[1], shape[1])];
  for (let row = 0; row < numRows; row++) {
    for (let column = 0; column < numColumns; column++) out[row * shape[1] + column] = data[row * from[1] + column];
  }
  return { shape, data: out };
}
