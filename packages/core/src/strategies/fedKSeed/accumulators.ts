import { createTensor, nameOrderedBytes, type Params } from "../../params.ts";
import { sha256HexSync } from "../../sha256.ts";

/** Bits of one value of a mask: as many as a float holds exactly. */
const bitsOfMask = 24;

/** The largest accumulator, in steps of the grid, which f32 still holds exactly. */
const mostSteps = 2 ** 24 - 1;

/** A magnitude as a whole number of steps of the grid. */
export function inSteps(value: number, gridBits: number): number {
  return Math.max(-mostSteps, Math.min(mostSteps, Math.round(value * 2 ** gridBits))) + 0;
}

/** Values rounded to the grid. */
export function onGrid(values: Float32Array, gridBits: number): Float32Array {
  return values.map((value) => inSteps(value, gridBits) / 2 ** gridBits);
}

/** The accumulators at these places: which ones as `mask`, 24 bits in each value, and themselves in steps of the grid as `values`; null for none. */
export function accumulatorTensors(sums: Float32Array, places: readonly number[]): Params | null {
  if (places.length === 0) return null;
  const mask = new Float32Array(Math.ceil(sums.length / bitsOfMask));
  for (const place of places) mask[Math.floor(place / bitsOfMask)] += 2 ** (place % bitsOfMask);
  const values = Float32Array.from(places, (place) => sums[place]);
  return { mask: createTensor([mask.length], mask), values: createTensor([values.length], values) };
}

/** Writes what `accumulatorTensors` made of ascending places into `sums`; throws where the two tensors are none of such accumulators. */
export function putAccumulators(sums: Float32Array, { mask, values }: Params): void {
  const fault = (found: string) => new Error(`accumulators of ${sums.length} seeds: ${found}`);
  if (mask?.data.length !== Math.ceil(sums.length / bitsOfMask)) throw fault(`a mask of ${mask?.data.length ?? "no"} values`);
  let next = 0;
  for (let place = 0; place < sums.length; place++) {
    if (!(Math.floor(mask.data[Math.floor(place / bitsOfMask)] / 2 ** (place % bitsOfMask)) & 1)) continue;
    const value = values?.data[next++];
    if (value === undefined || !Number.isInteger(value) || Math.abs(value) > mostSteps) throw fault(`the value ${value} at ${place}`);
    sums[place] = value;
  }
  if (next !== values?.data.length) throw fault(`${values?.data.length ?? "no"} values for ${next} places`);
}

/** The first 16 hexadecimal digits of the SHA-256 of all accumulators, by which a device tells that its copy is the server's. */
export function accumulatorsDigest(sums: Float32Array): string {
  return sha256HexSync(nameOrderedBytes({ sums: createTensor([sums.length], sums) })).slice(0, 16);
}
