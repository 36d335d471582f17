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

/** What a seed's counters are added to. */
function keyOf(seed: number): number {
  return mixed(seed ^ 0x9e3779b9);
}

/**
 * The signs of the values 32 `word` to 32 `word` + 31 as bits, the first in the lowest; a bit of 1 is −1. A hash of a counter from 32-bit integers alone, so that a CPU,
 * WebAssembly and every GPU come to the same bits in any order.
 */
export function signWord(seed: number, word: number): number {
  return mixed(mixed((word + keyOf(seed)) | 0) ^ seed) >>> 0;
}

/** +1 or −1: what `seed` perturbs the value at `index` by. */
export function signAt(seed: number, index: number): 1 | -1 {
  const word = Math.floor(index / signsOfWord);
  return (signWord(seed, word) >>> (index % signsOfWord)) & 1 ? -1 : 1;
}

/** Fills a range with its signs, +1 or −1 each. */
export function fillSigns(out: Int8Array | Float32Array, range: SignRange): void {
  for (let first = 0; first < out.length; ) {
    const { bits, end } = bitsAt(range, first, out.length);
    for (let i = first, rest = bits; i < end; i++, rest >>>= 1) out[i] = 1 - 2 * (rest & 1);
    first = end;
  }
}

/** values += amount × sign, each sum rounded to f32 once. */
export function addSigns(values: Float32Array, amount: number, range: SignRange): void {
  const [plus, minus] = [Math.fround(amount), -Math.fround(amount)];
  for (let first = 0; first < values.length; ) {
    const { bits, end } = bitsAt(range, first, values.length);
    for (let i = first, rest = bits; i < end; i++, rest >>>= 1) values[i] += rest & 1 ? minus : plus;
    first = end;
  }
}

/** The bits from `first` of a range on, to the end of their word or of the range. */
function bitsAt({ seed, offset }: SignRange, first: number, length: number): { bits: number; end: number } {
  const index = offset + first;
  const skipped = index % signsOfWord;
  const bits = signWord(seed, (index - skipped) / signsOfWord) >>> skipped;
  return { bits, end: Math.min(length, first + signsOfWord - skipped) };
}
