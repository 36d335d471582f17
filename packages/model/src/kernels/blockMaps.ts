import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";
import type { Linear } from "./linear.ts";
import { hasPackedProducts } from "./packedLinear.ts";
import { partOf } from "./rows.ts";
import { wordsPerRow } from "./webgpu/packedWords.ts";

/** Trained values (numRows, numColumns) that lie in a unit from `start` on, and where they are in a matrix, times a factor. */
export interface Block {
  readonly start: number;
  readonly row: number;
  readonly column: number;
  readonly numRows: number;
  readonly numColumns: number;
  readonly factor: number;
}

/** A linear map whose matrix (out, in) is zero but for trained blocks. */
export interface BlockMap {
  readonly numIn: number;
  readonly numOut: number;
  readonly blocks: readonly Block[];
  /** Where its bias begins in the unit; null without one. What a longer map adds behind the last trained number meets zeros alone. */
  readonly bias: { readonly start: number; readonly size: number } | null;
}

/** Maps over a vector that is made of equal units, each with numbers for every map. Every number of a unit is in one block or bias. */
export interface BlockPlan {
  readonly maps: readonly BlockMap[];
  /** Numbers of a unit. */
  readonly numValues: number;
  readonly numUnits: number;
  /** Where the first unit begins in the vector, and how far it is from one unit to the next; by default they follow each other from 0 on. */
  readonly within?: { readonly first: number; readonly stride: number };
}

/** The smallest width from `size` on that every backend multiplies by at full speed. */
export function roundedWidth(size: number): number {
  return 8 * Math.ceil(size / 8);
}

/** Each unit's maps over the vector of trained values, in the form in which the backend holds frozen maps, so that the same products run. */
export function blockMaps(values: tf.Tensor1D, given: BlockPlan): readonly (readonly Linear[])[] {
  const plan = placed(given);
  if (hasPackedProducts()) return packedMaps(values, plan);
  return fitPanels(plan) ? panelMaps(values, plan) : plainMaps(values, plan);
}

/** The plan with its places counted from the vector's beginning, and with the numbers from one unit to the next as those of a unit. */
function placed(plan: BlockPlan): BlockPlan {
  const { within, maps } = plan;
  if (within === undefined) return plan;
  const moved = <P extends { readonly start: number }>(place: P): P => ({ ...place, start: within.first + place.start });
  return {
    ...plan,
    numValues: within.stride,
    maps: maps.map((map) => ({ ...map, blocks: map.blocks.map(moved), bias: map.bias === null ? null : moved(map.bias) })),
  };
}

/** What a map read and the gradient of its result; more rows may follow. */
export interface MapUse {
  readonly x: tf.Tensor2D;
  readonly dy: tf.Tensor2D;
}

/** The gradient of a unit's values (numValues), from the use of each map. */
export function blockGradient(plan: BlockPlan, uses: readonly MapUse[], numRows: number): tf.Tensor1D {
  const { maps, numValues } = plan;
  if (!hasFused("TuttiBlockGradient") || !(hasPackedProducts() || fitPanels(plan))) return plainGradient(maps, uses, numRows);
  const inputs = Object.fromEntries(uses.flatMap(({ x, dy }, i) => [[`x${i}`, x] as const, [`dy${i}`, dy] as const]));
  return runFused("TuttiBlockGradient", inputs, { maps: listed(maps), numValues, numRows })[0] as tf.Tensor1D;
}

/** A plan's maps as a list of numbers, which `readMaps` reads: kernels take no other lists. */
function listed(maps: readonly BlockMap[]): number[] {
  return maps.flatMap(({ numIn, numOut, blocks, bias }) => [
    numIn,
    numOut,
    bias?.start ?? -1,
    bias?.size ?? 0,
    blocks.length,
    ...blocks.flatMap(({ start, row, column, numRows, numColumns, factor }) => [start, row, column, numRows, numColumns, factor]),
  ]);
}

/** The maps of a list that a kernel was called with. */
export function readMaps(list: readonly number[]): BlockMap[] {
  const maps: BlockMap[] = [];
  for (let at = 0; at < list.length; ) {
    const [numIn, numOut, biasStart, biasSize, numBlocks] = list.slice(at, at + 5);
    at += 5;
    const blocks = Array.from({ length: numBlocks }, (_, i) => {
      const [start, row, column, numRows, numColumns, factor] = list.slice(at + 6 * i, at + 6 * i + 6);
      return { start, row, column, numRows, numColumns, factor };
    });
    at += 6 * numBlocks;
    maps.push({ numIn, numOut, blocks, bias: biasStart < 0 ? null : { start: biasStart, size: biasSize } });
  }
  return maps;
}

/** Words of a map's matrix as a packed one of encoding f32. */
export function wordsOf({ numIn, numOut }: Pick<BlockMap, "numIn" | "numOut">): number {
  return 4 * Math.ceil(numOut / 4) * wordsPerRow("f32", numIn);
}

function packedMaps(values: tf.Tensor1D, { maps, numValues, numUnits }: BlockPlan): Linear[][] {
  const words = runFused("TuttiArrangeBlocks", { values }, { maps: listed(maps), numValues, numUnits })[0] as tf.Tensor1D;
  const unitWords = maps.reduce((sum, map) => sum + wordsOf(map), 0);
  return Array.from({ length: numUnits }, (_, unit) => {
    let firstWord = unit * unitWords;
    return maps.map((map) => {
      const { numIn, numOut, bias } = map;
      const scales = { scaleStart: 0, numScaledRows: 0, rowScale: 1 };
      const firstBias = unit * numValues + (bias?.start ?? 0);
      const form = { encoding: "f32", groupSize: 1, numIn, numOut, ...scales, firstWord, firstBias } as const;
      firstWord += wordsOf(map);
      return { layout: "packed", words, bias: bias === null ? null : values, form };
    });
  });
}

function fitPanels({ maps }: BlockPlan): boolean {
  const fits = ({ numIn, numOut }: BlockMap) => numIn % 8 === 0 && numOut % 8 === 0;
  return hasFused("TuttiArrangeBlocks") && maps.every(fits);
}

function panelMaps(values: tf.Tensor1D, { maps, numValues, numUnits }: BlockPlan): Linear[][] {
  const results = runFused("TuttiArrangeBlocks", { values }, { maps: listed(maps), numValues, numUnits }) as tf.Tensor1D[];
  let at = 0;
  const panels = (numOut: number) => ({ layout: "panels", matrix: results[at++], numOut }) as const;
  return Array.from({ length: numUnits }, () =>
    maps.map(({ numIn, numOut, bias }) => {
      const [forward, backward] = [panels(numOut), panels(numIn)];
      return { layout: "unpacked", forward, backward, bias: bias === null ? null : results[at++] };
    }),
  );
}

function plainMaps(values: tf.Tensor1D, { maps, numValues, numUnits }: BlockPlan): Linear[][] {
  return Array.from({ length: numUnits }, (_, unit) =>
    maps.map(({ numIn, numOut, blocks, bias }) => {
      const parts = blocks.map(({ start, row, column, numRows, numColumns, factor }) => {
        const block = tf.reshape(partOf(values, unit * numValues + start, numRows * numColumns), [numRows, numColumns]);
        const around: [number, number][] = [
          [row, numOut - row - numRows],
          [column, numIn - column - numColumns],
        ];
        return tf.pad<tf.Tensor2D>(tf.mul(block, factor), around);
      });
      const matrix = parts.reduce((sum, part) => tf.add(sum, part));
      const vector = bias === null ? null : tf.pad1d(partOf(values, unit * numValues + bias.start, bias.size), [0, numOut - bias.size]);
      const forward = tf.getBackend() === "wasm" ? tf.transpose(matrix) : null; // a product that turns a factor itself is ten times slower there
      return {
        layout: "unpacked",
        forward: forward === null ? { layout: "transposed", matrix } : { layout: "plain", matrix: forward },
        backward: { layout: "plain", matrix },
        bias: vector,
      };
    }),
  );
}

function plainGradient(maps: readonly BlockMap[], uses: readonly MapUse[], numRows: number): tf.Tensor1D {
  const parts = maps.flatMap(({ blocks, bias }, i) => {
    const { x, dy } = uses[i];
    const ofBlocks = blocks.map((block) => {
      const left = tf.slice2d(dy, [0, block.row], [numRows, block.numRows]);
      const right = tf.slice2d(x, [0, block.column], [numRows, block.numColumns]);
      const product: tf.Tensor2D = tf.mul(tf.matMul(tf.transpose(left), right), block.factor);
      return { start: block.start, values: tf.reshape<tf.Rank.R1>(product, [product.size]) };
    });
    if (bias === null) return ofBlocks;
    return [...ofBlocks, { start: bias.start, values: tf.sum<tf.Tensor1D>(tf.slice2d(dy, [0, 0], [numRows, bias.size]), 0) }];
  });
  return tf.concat1d(parts.sort((a, b) => a.start - b.start).map(({ values }) => values));
}
