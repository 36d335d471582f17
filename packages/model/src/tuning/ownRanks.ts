import {
  componentsAt,
  isResidualName,
  isSvdName,
  type LiveComponents,
  liveOf,
  loraPairs,
  type Params,
  placesIn,
  residualPrefix,
  sizeOf,
  svdTriplets,
  type Tensor,
  tunedShape,
} from "@tutti/core";
import type { Tuned } from "../training/gradient.ts";
import type { Moments } from "../training/optimizers.ts";
import type { Workplace } from "../workplace.ts";
import { laidOut, type TunedLayout } from "./layout.ts";

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

function cutTo({ layout, tuner }: Pick<Tuned, "layout" | "tuner">, sent: Params): Pick<Tuned, "layout" | "tuner"> {
  const own = layoutAt(layout, sent);
  const ranks = new Map(own.entries.map(({ name, shape }) => [name, shape[0]])); // A and e begin with their rank
  const cut = tuner.atRanks?.({
    entries: own.entries.filter(({ name }) => isFactor(name)),
    ranks: (layer, { name }) => ranks.get(`lora/${layer}/${name}/a`) ?? ranks.get(`svdLora/${layer}/${name}/e`) ?? 0,
  });
  return { layout: own, tuner: cut ?? tuner };
}

/** A run's layout with the low-rank factors that there are, at their own ranks. Throws a sentence about one that does not fit. */
export function layoutAt(layout: TunedLayout, sent: Params): TunedLayout {
  for (const { a, b } of loraPairs(tunedShape(layout.entries))) requirePair(a, b, sent);
  for (const { p, e, q } of svdTriplets(tunedShape(layout.entries))) for (const part of [p, e]) requirePair(q, part, sent);
  for (const name of Object.keys(sent).filter(isResidualName)) requireFactorsBeside(name, sent);
  const entries = layout.entries.flatMap((entry) => {
    if (!isFactor(entry.name)) return [entry];
    const found = sent[entry.name];
    if (found === undefined) return [];
    requireWithin(entry.name, found, entry.shape);
    return [{ ...entry, shape: found.shape }];
  });
  return laidOut(entries);
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

/** A tuned backbone for parameters of which some components are dead: it computes those alone that are there. The same one where all are. */
export function fittedTo<T extends Pick<Tuned, "tuner" | "layout">>(tuned: T, params: Params | null): T {
  const { layout, tuner } = tuned;
  const isWhole = ({ name, shape }: TunedLayout["entries"][number]) => !isSvdName(name) || params?.[name]?.shape.join() === shape.join();
  if (params === null || tuner.atRanks === undefined || layout.entries.every(isWhole)) return tuned;
  return { ...tuned, ...cutTo(tuned, params) };
}

function isFactor(name: string): boolean {
  return name.startsWith("lora/") || isSvdName(name);
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

function requireWithin(name: string, { shape: found }: Tensor, most: readonly number[]): void {
  const rankAxis = /\/(b|p)$/.test(name) ? 1 : 0;
  const fits =
    found.length === most.length && found.every((size, axis) => (axis === rankAxis ? size > 0 && size <= most[axis] : size === most[axis]));
  if (!fits) {
    const wanted = most.map((size, axis) => (axis === rankAxis ? `1 to ${size}` : String(size)));
    throw new Error(`tensor ${name}: shape [${found.join(",")}], expected [${wanted.join(",")}], where the run's rank is the most`);
  }
}

/** That both factors of a matrix are there, with one rank, or none; the second one's rank is its last size. */
function requirePair(a: string, b: string, sent: Params): void {
  const [rankA, rankB] = [sent[a]?.shape[0] ?? 0, sent[b]?.shape.at(-1) ?? 0];
  if (rankA !== rankB) throw new Error(`tensors ${a} and ${b}: found ranks ${rankA} and ${rankB}, expected the same`);
}

/** A frozen difference is computed beside the device's own of the same matrix; without one it would be left out in silence. */
function requireFactorsBeside(name: string, sent: Params): void {
  const factor = name.replace(residualPrefix, "lora/").replace(/\/[^/]+$/, "/a");
  if (sent[factor] === undefined) throw new Error(`tensor ${name}: found it without ${factor}, expected factors of the same matrix`);
}
