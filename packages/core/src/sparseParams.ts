import { createTensor, type Tensor } from "./params.ts";
import type { Random } from "./random.ts";

/** Names of sparse differences begin with it: `sparse/<layer>/<matrix>` holds the trained elements of a matrix's difference, one after the other. */
const sparsePrefix = "sparse/";

/** Of the matrix whose factor is `lora/<layer>/<matrix>/b`. */
export function sparseNameOf(b: string): string {
  return `${sparsePrefix}${b.slice("lora/".length, -"/b".length)}`;
}

/** Whether a tensor holds elements of a sparse difference. */
export function isSparseName(name: string): boolean {
  return name.startsWith(sparsePrefix);
}

/** Trained elements of a matrix of `size` elements at a density: the nearest whole number, and at least one. */
export function numSparse(size: number, density: number): number {
  return Math.max(1, Math.min(size, Math.round(density * size)));
}

/** Whose elements are drawn, and how many of how many. */
export interface SparseDraw {
  readonly name: string;
  readonly count: number;
  readonly size: number;
}

/**
 * The places of a matrix's trained elements, row after row from 0, ascending: a set that the run's seed draws, by integers alone, so that it is the
 * same on every machine and never travels. Robert Floyd's sampling (Bentley and Floyd, A sample of brilliance, CACM 1987).
 */
export function sparsePlaces(random: Random, { name, count, size }: SparseDraw): Int32Array {
  if (!(Number.isInteger(count) && count >= 1 && count <= size)) {
    throw new Error(`tensor ${name}: ${count} elements of a matrix of ${size}, expected 1 to ${size}`);
  }
  const stream = random.stream({ purpose: `mask/${name}` });
  const isTaken = new Uint8Array(size);
  for (let last = size - count; last < size; last++) {
    const drawn = stream.integer(last + 1);
    isTaken[isTaken[drawn] === 1 ? last : drawn] = 1;
  }
  const places = new Int32Array(count);
  let found = 0;
  for (let place = 0; place < size; place++) if (isTaken[place] === 1) places[found++] = place;
  return places;
}

/** A matrix of this shape that is `factor` times the values at their places, and 0 elsewhere. */
export function denseOf({ data }: Tensor, places: Int32Array, shape: readonly number[], factor = 1): Tensor {
  const dense = new Float32Array(shape[0] * shape[1]);
  for (let i = 0; i < places.length; i++) dense[places[i]] = factor * data[i];
  return createTensor(shape, dense);
}
