import * as tf from "@tensorflow/tfjs-core";
import { roundedRows } from "../kernels/webgpu/roundedRows.ts";

/** Where each text's rows lie in a matrix that holds texts end to end. */
export interface RowLayout {
  /** Σ lengths; on WebGPU rounded up, and the rows behind the last text belong to none. */
  readonly numRows: number;
  /** The row that each text begins with. */
  readonly starts: readonly number[];
  /** Rows of each text. */
  readonly lengths: readonly number[];
  /** How many of a text's rows the others see, where padding stands behind it; all by default. */
  readonly seenLengths?: readonly number[];
}

/** Texts of a batch end to end, a row for each token. */
export interface TokenBatch extends RowLayout {
  /** (numRows). */
  readonly ids: Int32Array;
  /** Tokens of each text that are given; the rest is what is to be predicted, which nothing may be made from. All by default. */
  readonly contextLengths?: readonly number[];
}

/** Lays texts of these lengths end to end for the current backend. */
export function rowLayout(lengths: readonly number[]): RowLayout {
  let numRows = 0;
  const starts = lengths.map((length) => {
    numRows += length;
    return numRows - length;
  });
  return { numRows: tf.getBackend() === "webgpu" ? roundedRows(numRows) : numRows, starts, lengths };
}

/** The same texts with `numInFront` more rows in front of each. */
export function withRowsInFront({ lengths, seenLengths }: RowLayout, numInFront: number): RowLayout {
  const more = (counts: readonly number[]) => counts.map((count) => numInFront + count);
  return { ...rowLayout(more(lengths)), ...(seenLengths === undefined ? {} : { seenLengths: more(seenLengths) }) };
}

/** Texts end to end. */
export function tokenBatch(texts: readonly ArrayLike<number>[], padTokenId: number): TokenBatch {
  const lengths = texts.map((text) => text.length);
  if (lengths.length === 0) throw new Error("a batch needs at least one text");
  const empty = lengths.indexOf(0);
  if (empty !== -1) throw new Error(`text ${empty + 1} of a batch of ${lengths.length} has no token, every text needs at least one`);
  const rows = rowLayout(lengths);
  const ids = new Int32Array(rows.numRows).fill(padTokenId);
  texts.forEach((text, i) => {
    for (let t = 0; t < text.length; t++) ids[rows.starts[i] + t] = text[t];
  });
  return { ids, ...rows };
}

/** Texts that are padded to the longest, whose padding sees them and is seen by nothing: what the published program's layer scores are taken from. */
export function paddedBatch(texts: readonly ArrayLike<number>[], padTokenId: number): TokenBatch {
  const longest = Math.max(...texts.map((text) => text.length));
  const padded = texts.map((text) => Array.from({ length: longest }, (_, t) => (t < text.length ? text[t] : padTokenId)));
  return { ...tokenBatch(padded, padTokenId), seenLengths: texts.map((text) => text.length) };
}

/** Each text's tokens. */
export function textsOf({ ids, starts, lengths }: TokenBatch): number[][] {
  return lengths.map((length, i) => [...ids.subarray(starts[i], starts[i] + length)]);
}
