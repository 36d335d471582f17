import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { runFused } from "../fusedKernels.ts";
import { normalize, plainNormalize } from "../norm.ts";
import { packedLinear, packedLinearGradient } from "../packedLinear.ts";
import { createVectorPlanner, linearOver, normOver, shift } from "../vectorMaps.ts";
import type { VectorMap } from "../vectorPlan.ts";
import { newVector, trainedNormGradient, weightGradient } from "../weightGradient.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface WeightCase {
  /** Heights of W's parts. */
  readonly parts: readonly number[];
  readonly numIn: number;
  readonly numRows: number;
  readonly hasBias: boolean;
  readonly isInterleaved: boolean;
  /** Whether the products are compared too, whose programs compile slowly; the others are in the tests of full fine-tuning. */
  readonly hasProducts: boolean;
}

const cases: readonly WeightCase[] = [
  { parts: [13, 6, 7], numIn: 21, numRows: 19, hasBias: true, isInterleaved: false, hasProducts: true },
  { parts: [35, 35], numIn: 40, numRows: 9, hasBias: false, isInterleaved: true, hasProducts: false },
  { parts: [520], numIn: 513, numRows: 3, hasBias: true, isInterleaved: false, hasProducts: false },
];

/** Products with weights W + Δ that lie in a vector, and the gradients that go to their places in another. */
export const weightCases: readonly ParityCase[] = [
  ...cases.map((one) => ({
    name: `weights of ${one.parts.join(" + ")} rows of ${one.numIn}${one.isInterleaved ? " in turn" : ""}, ${one.numRows} rows`,
    tolerance: 2e-6, // f32 sums in another order
    worstError: () => worstError(one),
  })),
  { name: "gradients of a norm's weight and bias", tolerance: 2e-6, worstError: normError },
  { name: "momentum with a dropout and a correction", tolerance: 1e-6, worstError: momentumError },
  { name: "AdamW with a dropout", tolerance: 1e-6, worstError: adamWError },
];

const random = createRandom(15).stream({ purpose: "weight parity" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
const matrix = (rows: number, columns: number) => tf.tensor2d(draw(rows * columns), [rows, columns]);
const scale = 0.37;

async function worstError({ parts: heights, numIn, numRows, hasBias, isInterleaved, hasProducts }: WeightCase): Promise<number> {
  const planner = createVectorPlanner();
  let size = 2; // two values that nothing reads
  const place = (count: number) => {
    size += count;
    return size - count;
  };
  const parts = heights.map((height) => ({ weight: place(height * numIn), bias: hasBias ? place(height) : null, numRows: height }));
  const map = planner.map(parts, numIn, { isInterleaved, isScaled: !isInterleaved });
  const [values, frozen, x, dy] = [tf.tensor1d(draw(size)), tf.tensor1d(draw(size)), matrix(numRows, numIn), matrix(numRows, map.numOut)];
  const arranged = () => {
    const linear = linearOver(shift(values, frozen, planner.plan(scale)), map);
    if (linear.layout !== "packed") throw new Error("on WebGPU the map is read as packed ones are");
    return linear;
  };
  const gradient = await readTwice(() => {
    const into = newVector(size);
    weightGradient(dy, x, map, { into, numRows, scale });
    return tf.slice1d(into, 2, size - 2);
  });
  const products = async () => [
    await readTwice(() => packedLinear(x, arranged())),
    await readTwice(() => packedLinearGradient(dy, arranged())),
  ];
  const found = [gradient, ...(hasProducts ? await products() : [])];
  const expected = tf.tidy(() => {
    const all = tf.add<tf.Tensor1D>(values, frozen);
    const { weight, bias } = stacked(all, map);
    const y = tf.matMul(x, weight, false, true);
    return [plainGradient(dy, x, map), bias === null ? y : tf.add(y, bias), tf.matMul(dy, weight)];
  });
  let worst = 0;
  for (const [i, numbers] of found.entries()) worst = Math.max(worst, relativeError(numbers, await expected[i].data()));
  tf.dispose([values, frozen, x, dy, expected]);
  return worst;
}

const factorOf = ({ isScaled }: VectorMap, part: number) => (isScaled && part === 0 ? scale : 1);

/** W and the bias as a product sees them. */
function stacked(all: tf.Tensor1D, map: VectorMap): { weight: tf.Tensor2D; bias: tf.Tensor1D | null } {
  const { parts, numIn, numOut, isInterleaved } = map;
  const matrices = parts.map(({ weight, numRows }, i) =>
    tf.mul<tf.Tensor2D>(tf.reshape(tf.slice1d(all, weight, numRows * numIn), [numRows, numIn]), factorOf(map, i)),
  );
  if (isInterleaved) return { weight: tf.reshape(tf.stack(matrices, 1), [numOut, numIn]), bias: null };
  const biases = parts.flatMap(({ bias, numRows }, i) =>
    bias === null ? [] : [tf.mul<tf.Tensor1D>(tf.slice1d(all, bias, numRows), factorOf(map, i))],
  );
  return { weight: tf.concat2d(matrices, 0), bias: biases.length === 0 ? null : tf.concat1d(biases) };
}

/** The gradients in the order of the vector: each part's weights, then its bias. */
function plainGradient(dy: tf.Tensor2D, x: tf.Tensor2D, map: VectorMap): tf.Tensor1D {
  const { parts, numIn, numOut, isInterleaved } = map;
  const dw: tf.Tensor2D = tf.matMul(dy, x, true);
  const db = tf.sum<tf.Tensor1D>(dy, 0);
  let first = 0;
  const gradients = parts.flatMap(({ bias, numRows }, i) => {
    const rows = isInterleaved
      ? tf.slice3d(tf.reshape<tf.Rank.R3>(dw, [numOut / 2, 2, numIn]), [0, i, 0], [numRows, 1, numIn])
      : tf.mul<tf.Tensor2D>(tf.slice2d(dw, [first, 0], [numRows, numIn]), factorOf(map, i));
    const biases = bias === null ? [] : [tf.mul<tf.Tensor1D>(tf.slice1d(db, first, numRows), factorOf(map, i))];
    first += numRows;
    return [tf.reshape<tf.Rank.R1>(rows, [numRows * numIn]), ...biases];
  });
  return tf.concat1d(gradients);
}

async function normError(): Promise<number> {
  const [numRows, width, size] = [11, 37, 2 * 37 + 3];
  const planner = createVectorPlanner();
  const places = planner.norm(width, 3, 3 + width);
  const [values, frozen, x, dy] = [tf.tensor1d(draw(size)), tf.tensor1d(draw(size)), matrix(numRows, width), matrix(numRows, width)];
  const found = await readTwice(() => {
    const into = newVector(size);
    const norm = normOver(shift(values, frozen, planner.plan(1)), places, 1e-3);
    trainedNormGradient(dy, normalize(x, norm), norm, { places, into, numRows, residual: null });
    return tf.slice1d(into, 3, 2 * width);
  });
  const expected = tf.tidy(() => {
    const { kept } = plainNormalize(x, { kind: "layer", weight: tf.ones([width]), bias: null, epsilon: 1e-3 });
    return tf.concat([tf.sum(tf.mul(dy, kept[0]), 0), tf.sum(dy, 0)]);
  });
  const error = relativeError(found, await expected.data());
  tf.dispose([values, frozen, x, dy, expected]);
  return error;
}

/** Factors 0, 1 and 1.25 in turn, as words of two bits each. */
function dropout(size: number): { words: tf.Tensor1D; factors: Float32Array } {
  const words = new Int32Array(Math.ceil(size / 16));
  const factors = Float32Array.from({ length: size }, (_, i) => [0, 1, 1.25][(7 * i) % 3]);
  factors.forEach((factor, i) => {
    words[i >> 4] |= (factor === 0 ? 0 : factor === 1 ? 1 : 3) << (2 * (i & 15));
  });
  return { words: tf.tensor1d(words, "int32"), factors };
}

async function momentumError(): Promise<number> {
  let worst = 0;
  for (const size of [13, 2000]) {
    const { words, factors } = dropout(size);
    const [before, slopes, towards] = [draw(2 * size), draw(size), draw(size)];
    const tensors = { state: tf.tensor2d(before, [2, size]), gradient: tf.tensor1d(slopes), correction: tf.tensor1d(towards), words };
    const attributes = { learningRate: 0.03, momentum: 0.9, weightDecay: 0.2, clipNorm: 0.5, scale: 1.25 };
    const found = await readTwice(() => runFused("TuttiMomentum", tensors, attributes)[0]);
    const g = slopes.map((value, i) => value * factors[i]);
    const clip = Math.min(1, 0.5 / (Math.hypot(...g) + 1e-6));
    const velocity = g.map((value, i) => 0.9 * before[size + i] + value * clip + towards[i]);
    const moved = velocity.map((value, i) => (before[i] - 0.03 * value) * (1 - 0.03 * 0.2));
    worst = Math.max(worst, relativeError(found, [...moved, ...velocity]));
    tf.dispose(Object.values(tensors));
  }
  return worst;
}

/** A step with a dropout against one of the gradient that went through it before. */
async function adamWError(): Promise<number> {
  let worst = 0;
  for (const size of [13, 2000]) {
    const { words, factors } = dropout(size);
    const slopes = draw(size);
    const [state, gradient] = [tf.tensor2d(draw(3 * size).map(Math.abs), [3, size]), tf.tensor1d(slopes)];
    const [dropped, through] = [tf.tensor1d(slopes.map((value, i) => value * factors[i])), { vector: gradient, words }];
    const settings = { learningRate: 0.03, weightDecay: 0.2, clipNorm: 0.5, step: 4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    const found = await readTwice(() => runFused("TuttiAdamW", { state, gradient, words }, { ...settings, scale: 1.25 })[0]);
    const expected = await readTwice(() => runFused("TuttiAdamW", { state, gradient: dropped }, settings)[0]);
    const alone = await readTwice(() => runFused("TuttiDropOut", through, { size, scale: 1.25 })[0]);
    worst = Math.max(worst, relativeError(found, expected), relativeError(alone, await dropped.data()));
    tf.dispose([state, gradient, words, dropped]);
  }
  return worst;
}
