import { type PackedTensor, packedSizes, sectionsOf, type TensorEncoding } from "@tutti/core";

const valuesPerWord: Readonly<Record<TensorEncoding, number>> = { f32: 1, f16: 2, int8: 4, int4: 8, nf4: 8 };

/** Words of one row of a packed matrix on the GPU, where rows begin with a word and hold whole fours of values. */
export function wordsPerRow(encoding: TensorEncoding, numIn: number): number {
  const values = Math.max(4, valuesPerWord[encoding]);
  return (Math.ceil(numIn / values) * values) / valuesPerWord[encoding];
}

/** A packed matrix as the GPU reads it. */
interface PackedWords {
  /** Values row by row, rows up to a multiple of four, then the scales as they were. */
  readonly words: Int32Array;
  /** Where the scales begin, in words. */
  readonly scaleStart: number;
}

/**
 * Lays a packed matrix out for products in both directions: of each four neighbouring values of row n, the one at place d ^ (n mod 4)
 * stands at place d. So four neighbouring invocations that hold four rows, or four columns, of a 4 × 4 block get the block's other
 * triangle by exchanging what they hold (`quadSwapX`, `quadSwapY`, `quadSwapDiagonal`), and one copy of W is read both ways.
 */
export function arrangeWords(weight: PackedTensor): PackedWords {
  const [numOut, numIn] = weight.shape;
  const { values, scales } = sectionsOf(weight);
  const rowWords = wordsPerRow(weight.encoding, numIn);
  const scaleStart = 4 * Math.ceil(numOut / 4) * rowWords;
  const words = new Int32Array(scaleStart + Math.ceil(scales.length / 4));
  const bytes = new Uint8Array(words.buffer);
  const rowBytes = packedSizes([1, numIn], weight).valueBytes;
  if (rowBytes === 4 * rowWords) bytes.set(values);
  else for (let row = 0; row < numOut; row++) bytes.set(values.subarray(row * rowBytes, (row + 1) * rowBytes), 4 * row * rowWords);
  bytes.set(scales, 4 * scaleStart);
  const [odd, upper] = exchanges[weight.encoding];
  for (let row = 1; row < numOut; row++) {
    const held = words.subarray(row * rowWords, (row + 1) * rowWords);
    if ((row & 1) !== 0) odd(held);
    if ((row & 2) !== 0) upper(held);
  }
  return { words, scaleStart };
}

type Exchange = (words: Int32Array) => void;

/** Exchanges neighbouring fields of this number of bits within each word. */
function fields(bits: 4 | 8 | 16): Exchange {
  const mask = { 4: 0x0f0f0f0f, 8: 0x00ff00ff, 16: 0x0000ffff }[bits];
  return (words) => {
    for (let i = 0; i < words.length; i++) words[i] = ((words[i] & mask) << bits) | ((words[i] >>> bits) & mask);
  };
}

/** Exchanges words that are so far apart. */
function neighbours(distance: 1 | 2): Exchange {
  return (words) => {
    for (let i = 0; i < words.length; i++) {
      if ((i & distance) !== 0) continue;
      const word = words[i];
      words[i] = words[i + distance];
      words[i + distance] = word;
    }
  };
}

/** What moves the value at place d of each four to d ^ 1, and to d ^ 2. */
const exchanges: Readonly<Record<TensorEncoding, readonly [Exchange, Exchange]>> = {
  f32: [neighbours(1), neighbours(2)],
  f16: [fields(16), neighbours(1)],
  int8: [fields(8), fields(16)],
  int4: [fields(4), fields(8)],
  nf4: [fields(4), fields(8)],
};
