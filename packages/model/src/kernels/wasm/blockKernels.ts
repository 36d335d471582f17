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
        maps.flatMap((map) => arrange(heap, program, given(values), { map, first: unit * numValues })),
      ).flat();
    },
    TuttiBlockGradient(inputs, attributes) {
      const { numValues, numRows } = attributes as { readonly numValues: number; readonly numRows: number };
      const maps = readMaps(attributes.maps as number[]);
      const gradient = heap.output([numValues]);
      maps.forEach(({ numIn, numOut, blocks, bias }, m) => {
        const [x, dy] = [given(inputs[`x${m}`]), given(inputs[`dy${m}`])];
        if (blocks.length > 0) multiplyBlocks(heap, program, { x, dy, gradient, blocks, numIn, numOut, numRows });
        if (bias !== null) sumColumns(heap, program, { dy, gradient, bias, numOut, numRows });
      });
      return [gradient];
    },
  };
}

/** A map's panels, (out / 8, in, 8) and (in / 8, out, 8), and its bias where it has one. */
function arrange(
  heap: Heap,
  program: WasmProgram,
  values: tf.TensorInfo,
  { map, first }: { readonly map: BlockMap; readonly first: number },
): tf.TensorInfo[] {
  const { numIn, numOut, blocks, bias } = map;
  const [forward, backward] = [heap.output([numOut * numIn]), heap.output([numOut * numIn])];
  const vector = bias === null ? null : heap.output([numOut]);
  const isWhole = blocks.length === 1 && blocks[0].numRows === numOut && blocks[0].numColumns === numIn;
  if (!isWhole) for (const panels of [forward, backward]) heap.values(panels).fill(0);
  const to: Panels = { values, forward, backward, numIn, numOut };
  for (const block of blocks) {
    if (isAligned(block)) arrangeAligned(heap, program, to, { ...block, start: first + block.start });
    else arrangeAny(heap, to, { ...block, start: first + block.start });
  }
  if (vector === null || bias === null) return [forward, backward];
  heap
    .values(vector)
    .fill(0)
    .set(heap.values(values).subarray(first + bias.start, first + bias.start + bias.size));
  return [forward, backward, vector];
}

/** Trained values, and the panels that they go to. */
interface Panels {
  readonly values: tf.TensorInfo;
  readonly forward: tf.TensorInfo;
  readonly backward: tf.TensorInfo;
  readonly numIn: number;
  readonly numOut: number;
}

/** Whether a block fills whole panels both ways, with its values as they are. */
function isAligned({ row, column, numRows, numColumns, factor }: Block): boolean {
  return factor === 1 && [row, column, numRows, numColumns].every((number) => number % 8 === 0);
}

function arrangeAligned(
  { address }: Heap,
  program: WasmProgram,
  { values, forward, backward, numIn, numOut }: Panels,
  { start, row, column, numRows, numColumns }: Block,
): void {
  const from = address(values) + 4 * start;
  for (let i = 0; i < numRows; i += 8) {
    const to = address(forward) + 4 * ((row + i) * numIn + 8 * column);
    program.turnFours(from + 4 * i * numColumns, 4 * numColumns, to, 32, 8, numColumns);
  }
  program.panels(from, 4 * numColumns, address(backward) + 4 * (column * numOut + 8 * row), 32 * numOut, numRows, numColumns);
}

function arrangeAny(heap: Heap, { values, forward, backward, numIn, numOut }: Panels, block: Block): void {
  const { start, row, column, numRows, numColumns, factor } = block;
  const [all, to, back] = [values, forward, backward].map(heap.values);
  for (let i = 0; i < numRows; i++) {
    const from = start + i * numColumns;
    const [panel, lane] = [Math.floor((row + i) / 8), (row + i) % 8];
    for (let j = 0; j < numColumns; j++) {
      const value = factor * all[from + j];
      const at = column + j;
      to[(panel * numIn + at) * 8 + lane] = value;
      back[((at >> 3) * numOut + row + i) * 8 + (at & 7)] = value;
    }
  }
}

interface BlockProducts {
  readonly x: tf.TensorInfo;
  readonly dy: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
  readonly blocks: readonly Block[];
  readonly numIn: number;
  readonly numOut: number;
  readonly numRows: number;
}

/** factor · dYᵀ X of each block's columns, from dY turned and X in panels: read down their columns, rows as wide as those of a layer push each other out of the cache. */
function multiplyBlocks(heap: Heap, program: WasmProgram, products: BlockProducts): void {
  const { x, dy, blocks, numIn, numOut, numRows } = products;
  const [turned, panels] = [heap.output([numOut, numRows]), heap.output([numIn, numRows])];
  const [from, to] = [heap.address(dy), heap.address(turned)];
  const numTurned = numRows - (numRows % 4);
  program.turnFours(from, 4 * numOut, to, 4 * numRows, numTurned, numOut);
  program.transpose(from + 4 * numOut * numTurned, 4 * numOut, to + 4 * numTurned, 4 * numRows, numRows - numTurned, numOut);
  program.panels(heap.address(x), 4 * numIn, heap.address(panels), 32 * numRows, numRows, numIn);
  for (const block of blocks) multiplyBlock(heap, program, { ...products, turned: to, panels: heap.address(panels), block });
  heap.release(turned, panels);
}

interface BlockProduct extends BlockProducts {
  /** Byte addresses. */
  readonly turned: number;
  readonly panels: number;
  readonly block: Block;
}

/** The program writes eight columns at a time, so that a narrower block, or one that begins within eight, is taken from a wider product. */
function multiplyBlock(heap: Heap, program: WasmProgram, { gradient, turned, panels, block, numRows }: BlockProduct): void {
  const { address } = heap;
  const skipped = block.column % 8;
  const width = 8 * Math.ceil((skipped + block.numColumns) / 8);
  const isDirect = width === block.numColumns && block.factor === 1;
  const wide = isDirect ? gradient : heap.output([block.numRows, width]);
  const [left, right] = [turned + 4 * numRows * block.row, panels + 4 * numRows * (block.column - skipped)];
  const target = address(wide) + (isDirect ? 4 * block.start : 0);
  program.product(left, 4 * numRows, 4, right, 32, target, 4 * width, block.numRows, width, numRows, 32 * numRows, 0);
  if (isDirect) return;
  const [to, from] = [heap.values(gradient), heap.values(wide)];
  for (let i = 0; i < block.numRows; i++) {
    const row = i * width + skipped;
    for (let j = 0; j < block.numColumns; j++) to[block.start + i * block.numColumns + j] = block.factor * from[row + j];
  }
  heap.release(wide);
}

interface ColumnSums {
  readonly dy: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
  readonly bias: { readonly start: number; readonly size: number };
  readonly numOut: number;
  readonly numRows: number;
}

/** The sums of dY's columns; of more than the bias has, where those are no multiple of four. */
function sumColumns(heap: Heap, program: WasmProgram, { dy, gradient, bias, numOut, numRows }: ColumnSums): void {
  const { address } = heap;
  const sums = heap.output([numOut]);
  program.columnSums(address(dy), 0, address(sums), numRows, 4 * numOut, 4 * numOut);
  heap.values(gradient).set(heap.values(sums).subarray(0, bias.size), bias.start);
  heap.release(sums);
}
