import * as tf from "@tensorflow/tfjs-core";
import type { Transformer } from "../backbone/transformer.ts";
import type { TunedLayout } from "./layout.ts";

/** Where values lie in three vectors, on the backend: trained values (each matrix's Q, e, P), LoRA's (each matrix's A, B), and gradients. */
interface SvdIndices {
  /** Of each value of LoRA's, the value of P or Q that it is made of. */
  readonly factors: tf.Tensor1D;
  /** Of each value of LoRA's, the value of e that it is multiplied by; behind all values where there is none. */
  readonly scales: tf.Tensor1D;
  /** Of each component, its row of A in LoRA's values (components, in); a tensor for each width. */
  readonly rows: readonly tf.Tensor2D[];
  /** Of each trained value, its gradient: LoRA's in their order, then the rows' sums. */
  readonly values: tf.Tensor1D;
}

/** The places of a layout of svdLora, whose entries are each matrix's Q (rank, in), e and P. */
export function svdPlaces(layout: TunedLayout): { upload(transformer: Transformer, isKept: boolean): SvdIndices } {
  const found = placesOf(layout);
  return {
    /** Kept with the backbone, or released by the caller's tidy. */
    upload(transformer, isKept) {
      const place = (name: string, make: () => tf.Tensor) => (isKept ? transformer.constant(`svdLora ${name} ${found.key}`, make) : make());
      const vector = (name: "factors" | "scales" | "values") => place(name, () => tf.tensor1d(found[name], "int32")) as tf.Tensor1D;
      return {
        factors: vector("factors"),
        scales: vector("scales"),
        values: vector("values"),
        rows: found.rows.map(
          ({ width, starts }) =>
            place(`rows ${width}`, () => tf.tensor2d(rowsFrom(starts, width), [starts.length, width], "int32")) as tf.Tensor2D,
        ),
      };
    },
  };
}

interface RowsOfWidth {
  readonly width: number;
  /** Of the rows of A in LoRA's values. */
  readonly starts: number[];
}

interface Component {
  /** Of its value of e among the trained values. */
  readonly at: number;
  readonly rows: RowsOfWidth;
  readonly row: number;
}

function placesOf({ entries, numMethodValues }: TunedLayout) {
  const [factors, scales] = [[] as number[], [] as number[]];
  const values = new Int32Array(numMethodValues);
  const widths = new Map<number, RowsOfWidth>();
  const components: Component[] = [];
  for (let i = 0; i + 2 < entries.length && entries[i].name.endsWith("/q"); i += 3) {
    const [q, e, p] = entries.slice(i, i + 3);
    const [rank, width] = q.shape;
    const rows = widths.get(width) ?? { width, starts: [] };
    widths.set(width, rows);
    for (let c = 0; c < rank; c++) {
      components.push({ at: e.start + c, rows, row: rows.starts.length });
      rows.starts.push(factors.length + c * width);
    }
    for (const [entry, isScaled] of [
      [q, true],
      [p, false],
    ] as const) {
      for (let at = 0; at < entry.numValues; at++) {
        values[entry.start + at] = factors.length;
        factors.push(entry.start + at);
        scales.push(isScaled ? e.start + Math.floor(at / width) : numMethodValues);
      }
    }
  }
  const all = [...widths.values()];
  const firstSum = new Map<RowsOfWidth, number>();
  let numSums = factors.length;
  for (const rows of all) {
    firstSum.set(rows, numSums);
    numSums += rows.starts.length;
  }
  for (const { at, rows, row } of components) values[at] = (firstSum.get(rows) ?? 0) + row;
  const key = entries
    .filter(({ name }) => name.endsWith("/q"))
    .map(({ name, shape }) => `${name} ${shape}`)
    .join();
  return { factors: Int32Array.from(factors), scales: Int32Array.from(scales), values, rows: all, key };
}

function rowsFrom(starts: readonly number[], width: number): Int32Array {
  const places = new Int32Array(starts.length * width);
  for (const [row, start] of starts.entries()) for (let at = 0; at < width; at++) places[row * width + at] = start + at;
  return places;
}
