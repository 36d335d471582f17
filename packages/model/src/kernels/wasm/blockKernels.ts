import type * as tf from "@tensorflow/tfjs-core";
import { type Block, type BlockMap, readMaps } from "../blockMaps.ts";
import type { WasmProgram } from "./functions.ts";
import { given, type Heap, type Kernel } from "./heap.ts";

/** Trained blocks as panels for products in both directions, and the gradients of a unit's blocks and biases. */
export function blockKernels(heap: Heap, program: WasmProgram): Record<"TuttiArrangeBlocks" | "TuttiBlockGradient", Kernel> {
  return {
    TuttiArrangeBlocks({ values }, attributes) {
      const { numValues, numUnits } = attributes as { readonly numValues: number; readonly numUnits: number };
      const maps = readMaps(attributes.maps as number[]);
      return Array.from({ length: numUnits }, (_, unit) =>
        maps.flatMap((map) => arrange(heap, given(values), map, unit * numValues)),
      ).flat();
    },
    TuttiBlockGradient(inputs, attributes) {
      const { numValues, numRows } = attributes as { readonly numValues: number; readonly numRows: number };
      const maps = readMaps(attributes.maps as number[]);
      const gradient = heap.output([numValues]);
      const one = heap.output([1]);
      heap.values(one)[0] = 1;
      maps.forEach(({ numIn, numOut, blocks, bias }, m) => {
        const [x, dy] = [given(inputs[`x${m}`]), given(inputs[`dy${m}`])];
        for (const block of blocks) multiplyBlock(heap, program, { x, dy, gradient, block, numIn, numOut, numRows });
        if (bias !== null) sumColumns(heap, program, { dy, gradient, one, bias, numOut, numRows });
      });
      heap.release(one);
      return [gradient];
    },
  };
}

/** A map's panels, (out / 8, in, 8) and (in / 8, out, 8), and its bias where it has one. */
function arrange(heap: Heap, values: tf.TensorInfo, { numIn, numOut, blocks, bias }: BlockMap, first: number): tf.TensorInfo[] {
  const [forward, backward] = [heap.output([numOut * numIn]), heap.output([numOut * numIn])];
  const vector = bias === null ? null : heap.output([numOut]);
  const [all, to, back] = [values, forward, backward].map(heap.values); // read only now: making a tensor may move the heap
  to.fill(0);
  back.fill(0);
  for (const { start, row, column, numRows, numColumns, factor } of blocks) {
    for (let i = 0; i < numRows; i++) {
      const from = first + start + i * numColumns;
      const [panel, lane] = [Math.floor((row + i) / 8), (row + i) % 8];
      for (let j = 0; j < numColumns; j++) {
        const value = factor * all[from + j];
        const at = column + j;
        to[(panel * numIn + at) * 8 + lane] = value;
        back[((at >> 3) * numOut + row + i) * 8 + (at & 7)] = value;
      }
    }
  }
  if (vector === null || bias === null) return [forward, backward];
  heap
    .values(vector)
    .fill(0)
    .set(all.subarray(first + bias.start, first + bias.start + bias.size));
  return [forward, backward, vector];
}

interface BlockProduct {
  readonly x: tf.TensorInfo;
  readonly dy: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
  readonly block: Block;
  readonly numIn: number;
  readonly numOut: number;
  readonly numRows: number;
}

/** factor · dYᵀ X of a block's columns. The program writes eight columns at a time, so that a narrower block is taken from a wider product. */
function multiplyBlock(heap: Heap, program: WasmProgram, { x, dy, gradient, block, numIn, numOut, numRows }: BlockProduct): void {
  const { address } = heap;
  const width = 8 * Math.ceil(block.numColumns / 8);
  const isDirect = width === block.numColumns && block.factor === 1;
  const wide = isDirect ? gradient : heap.output([block.numRows, width]);
  const [left, right] = [address(dy) + 4 * block.row, address(x) + 4 * block.column];
  const target = address(wide) + (isDirect ? 4 * block.start : 0);
  program.product(left, 4, 4 * numOut, right, 4 * numIn, target, 4 * width, block.numRows, width, numRows, 32, 0);
  if (isDirect) return;
  const [to, from] = [heap.values(gradient), heap.values(wide)];
  for (let i = 0; i < block.numRows; i++) {
    for (let j = 0; j < block.numColumns; j++) to[block.start + i * block.numColumns + j] = block.factor * from[i * width + j];
  }
  heap.release(wide);
}

interface ColumnSums {
  readonly dy: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
  /** The number 1. */
  readonly one: tf.TensorInfo;
  readonly bias: { readonly start: number; readonly size: number };
  readonly numOut: number;
  readonly numRows: number;
}

/** The sums of dY's columns: a product whose left factor is the same number everywhere. */
function sumColumns(heap: Heap, program: WasmProgram, { dy, gradient, one, bias, numOut, numRows }: ColumnSums): void {
  const { address } = heap;
  const sums = heap.output([numOut]);
  program.product(address(one), 0, 0, address(dy), 4 * numOut, address(sums), 4 * numOut, 1, numOut, numRows, 32, 0);
  heap.values(gradient).set(heap.values(sums).subarray(0, bias.size), bias.start);
  heap.release(sums);
}
