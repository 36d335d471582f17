import { type Params, sizeOf, type Tensor } from "../params.ts";
import type { SvdTriplet } from "../tunings/svdTriplets.ts";

/** Of each matrix, in the order of what is trained, the places of its components that are alive, in ascending order. */
export type LiveComponents = readonly (readonly number[])[];

/** Components that a word of a mask says of. */
const perWord = 16;

/** Every component of matrices of these ranks. */
export function allComponents(ranks: readonly number[]): LiveComponents {
  return ranks.map((rank) => Array.from({ length: rank }, (_, place) => place));
}

/** A bit for each component of matrices of these ranks, the first one the lowest of the first word; 1 where it is alive. */
export function maskOf(live: LiveComponents, ranks: readonly number[]): number[] {
  const starts = startsOf(ranks);
  const words = new Array<number>(wordsFor(ranks)).fill(0);
  for (const [j, places] of live.entries()) {
    for (const place of places) {
      const bit = starts[j] + place;
      words[Math.floor(bit / perWord)] |= 1 << (bit % perWord);
    }
  }
  return words;
}

/** What a mask says. Throws where it is not one of matrices of these ranks. */
export function liveOf(mask: readonly number[], ranks: readonly number[]): LiveComponents {
  const numBits = ranks.reduce((sum, rank) => sum + rank, 0);
  const isSet = (bit: number) => ((mask[Math.floor(bit / perWord)] >> (bit % perWord)) & 1) === 1;
  if (mask.length !== wordsFor(ranks)) throw new Error(`a mask of ${mask.length} words: ${numBits} components need ${wordsFor(ranks)}`);
  for (let bit = numBits; bit < mask.length * perWord; bit++)
    if (isSet(bit)) throw new Error(`a mask names component ${bit + 1} of ${numBits}`);
  const starts = startsOf(ranks);
  return ranks.map((rank, j) => Array.from({ length: rank }, (_, place) => place).filter((place) => isSet(starts[j] + place)));
}

/** The parameters with these components alone, renumbered from 0 on; a matrix without any is left out, and what is no such difference stays. */
export function componentsAt(params: Params, triplets: readonly SvdTriplet[], live: LiveComponents): Params {
  const part: Record<string, Tensor> = { ...params };
  for (const [j, triplet] of triplets.entries()) {
    for (const name of [triplet.p, triplet.e, triplet.q]) {
      if (live[j].length === 0) delete part[name];
      else if (params[name] !== undefined) part[name] = takenAlong(params[name], axisOf(name, triplet), live[j]);
    }
  }
  return part;
}

/** The same matrices at `ranks` components, those that are not alive 0; a matrix without any is left out. */
export function componentsInto(part: Params, triplets: readonly SvdTriplet[], live: LiveComponents, ranks: readonly number[]): Params {
  const whole: Record<string, Tensor> = { ...part };
  for (const [j, triplet] of triplets.entries()) {
    if (live[j].length === 0) continue;
    const from = Array.from({ length: ranks[j] }, (_, place) => live[j].indexOf(place));
    for (const name of [triplet.p, triplet.e, triplet.q]) whole[name] = takenAlong(part[name], axisOf(name, triplet), from);
  }
  return whole;
}

/** Where each component of `after` is in `before`; −1 for one that is not there. */
export function placesIn(before: LiveComponents, after: LiveComponents): LiveComponents {
  return after.map((places, j) => places.map((place) => before[j].indexOf(place)));
}

/** Rows or columns of a tensor in this order, zeros for −1; the tensor itself where that is all of it. */
function takenAlong(tensor: Tensor, axis: 0 | 1, places: readonly number[]): Tensor {
  const { shape, data } = tensor;
  if (places.length === shape[axis] && places.every((place, i) => place === i)) return tensor;
  const size = axis === 1 ? [shape[0], places.length] : [places.length, ...shape.slice(1)];
  const out = new Float32Array(sizeOf(size));
  const width = axis === 0 ? sizeOf(shape.slice(1)) : 1;
  for (const [i, place] of places.entries()) {
    if (place < 0) continue;
    if (axis === 0) out.set(data.subarray(place * width, (place + 1) * width), i * width);
    else for (let row = 0; row < shape[0]; row++) out[row * places.length + i] = data[row * shape[1] + place];
  }
  return { shape: size, data: out };
}

function axisOf(name: string, { p }: SvdTriplet): 0 | 1 {
  return name === p ? 1 : 0;
}

function startsOf(ranks: readonly number[]): number[] {
  let start = 0;
  return ranks.map((rank) => {
    start += rank;
    return start - rank;
  });
}

function wordsFor(ranks: readonly number[]): number {
  return Math.ceil(ranks.reduce((sum, rank) => sum + rank, 0) / perWord);
}
