/** Where a range of a perturbation lies. */
export interface SignRange {
  /** Which perturbation: an integer in [0, 2³²). */
  readonly seed: number;
  /** Of the range's first value among all values that the seed perturbs. */
  readonly offset: number;
}

/** Signs that one hash gives. */
export const signsOfWord = 32;

/** Most values that a seed perturbs. */
export const maxPerturbed = 2 ** 37;

/** A bijection of 32 bits that changes half of them on average (Wellons, https://nullprogram.com/blog/2018/07/31/). */
function mixed(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** What a seed's counters are added to; worth keeping where many words of a seed are wanted. */
export function signKey(seed: number): number {
  return mixed(seed ^ 0x9e3779b9);
}

/**
 * The signs of the values 32 `word` to 32 `word` + 31 as bits, the first in the lowest; a bit of 1 is −1. A hash of a counter from 32-bit integers alone, so that a CPU,
 * WebAssembly and every GPU come to the same bits in any order.
 */
export function signWord(seed: number, word: number, key = signKey(seed)): number {
  return mixed(mixed((word + key) | 0) ^ seed) >>> 0;
}

/** +1 or −1: what `seed` perturbs the value at `index` by. */
export function signAt(seed: number, index: number): 1 | -1 {
  const word = Math.floor(index / signsOfWord);
  return (signWord(seed, word) >>> (index % signsOfWord)) & 1 ? -1 : 1;
}

/** Fills a range with its signs, +1 or −1 each. */
export function fillSigns(out: Int8Array | Float32Array, { seed, offset }: SignRange): void {
  for (let first = 0; first < out.length; ) {
    const skipped = (offset + first) % signsOfWord;
    let bits = signWord(seed, (offset + first - skipped) / signsOfWord) >>> skipped;
    const end = Math.min(out.length, first + signsOfWord - skipped);
    for (let i = first; i < end; i++, bits >>>= 1) out[i] = 1 - 2 * (bits & 1);
    first = end;
  }
}

/** values += amount × sign, each sum rounded to f32 once. */
export function addSigns(values: Float32Array, amount: number, { seed, offset }: SignRange): void {
  const rounded = Math.fround(amount);
  for (let first = 0; first < values.length; ) {
    const skipped = (offset + first) % signsOfWord;
    let bits = signWord(seed, (offset + first - skipped) / signsOfWord) >>> skipped;
    const end = Math.min(values.length, first + signsOfWord - skipped);
    for (let i = first; i < end; i++, bits >>>= 1) values[i] += rounded * (1 - 2 * (bits & 1)); // no branch, which chance would mispredict
    first = end;
  }
}
