import { signKey, signsOfWord, signWord } from "./signs.ts";

/** A perturbation, and how far values are moved along it. */
export interface Movement {
  readonly seed: number;
  readonly amount: number;
}

/** Perturbations that are added at once: as many as a byte has bits. */
const atOnce = 8;

/**
 * values += Σ amount × sign over all movements, the first value being `offset`. Eight seeds' signs of a value make a byte, of which a table says the sum: a fifth of the
 * work of one seed after another. The same bits as that where no sum is rounded, as on FedKSeed's grid.
 */
export function addManySigns(values: Float32Array, movements: readonly Movement[], offset: number): void {
  for (let first = 0; first < movements.length; first += atOnce) addEight(values, movements.slice(first, first + atOnce), offset);
}

function addEight(values: Float32Array, movements: readonly Movement[], offset: number): void {
  const sums = sumsOf(movements);
  const words = new Int32Array(atOnce);
  const seeds = movements.map(({ seed }) => seed);
  const keys = seeds.map(signKey);
  const firstWord = Math.floor(offset / signsOfWord);
  const endWord = Math.ceil((offset + values.length) / signsOfWord);
  for (let word = firstWord; word < endWord; word++) {
    for (let k = 0; k < seeds.length; k++) words[k] = signWord(seeds[k], word, keys[k]);
    const start = word * signsOfWord - offset;
    for (let shift = 0; shift < signsOfWord; shift += 8) addByte(values, { words, sums, shift, start: start + shift });
  }
}

interface ByteOfWords {
  readonly words: Int32Array;
  readonly sums: Float64Array;
  /** Of the byte in each word. */
  readonly shift: number;
  /** Of its first sign among the values; some may lie outside. */
  readonly start: number;
}

/** A byte of each of eight words, turned: a byte for each of eight values (Warren, Hacker's Delight, 7-3). */
function addByte(values: Float32Array, { words, sums, shift, start }: ByteOfWords): void {
  const at = (k: number) => (words[k] >>> shift) & 255;
  let x = (at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3);
  let y = (at(4) << 24) | (at(5) << 16) | (at(6) << 8) | at(7);
  let swapped = (x ^ (x >>> 7)) & 0x00aa00aa;
  x ^= swapped ^ (swapped << 7);
  swapped = (y ^ (y >>> 7)) & 0x00aa00aa;
  y ^= swapped ^ (swapped << 7);
  swapped = (x ^ (x >>> 14)) & 0x0000cccc;
  x ^= swapped ^ (swapped << 14);
  swapped = (y ^ (y >>> 14)) & 0x0000cccc;
  y ^= swapped ^ (swapped << 14);
  const high = (x & 0xf0f0f0f0) | ((y >>> 4) & 0x0f0f0f0f);
  const low = ((x << 4) & 0xf0f0f0f0) | (y & 0x0f0f0f0f);
  if (start >= 0 && start + 8 <= values.length) {
    values[start] += sums[low & 255];
    values[start + 1] += sums[(low >>> 8) & 255];
    values[start + 2] += sums[(low >>> 16) & 255];
    values[start + 3] += sums[low >>> 24];
    values[start + 4] += sums[high & 255];
    values[start + 5] += sums[(high >>> 8) & 255];
    values[start + 6] += sums[(high >>> 16) & 255];
    values[start + 7] += sums[high >>> 24];
    return;
  }
  for (let i = 0; i < 8; i++) {
    const place = start + i;
    if (place >= 0 && place < values.length) values[place] += sums[((i < 4 ? low : high) >>> (8 * (i % 4))) & 255];
  }
}

/** Of every byte whose highest bit is the first movement's sign. */
function sumsOf(movements: readonly Movement[]): Float64Array {
  return Float64Array.from({ length: 256 }, (_, byte) =>
    movements.reduce((sum, { amount }, k) => sum + (byte & (128 >>> k) ? -amount : amount), 0),
  );
}
