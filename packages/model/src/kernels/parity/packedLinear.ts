import * as tf from "@tensorflow/tfjs";
import { createRandom, type PackedTensor, packingFor, packTensor, type TensorEncoding, tensorEncodings, unpackTensor } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { disposeLinear } from "../linear.ts";
import { createPackedLinear, type Epilogue, type GradientEpilogue, packedLinear, packedLinearGradient } from "../packedLinear.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface Size {
  readonly numRows: number;
  readonly numIn: number;
  readonly numOut: number;
}

interface ForwardCase {
  readonly epilogue: Epilogue;
  readonly hasTail: boolean;
  readonly hasBias: boolean;
  readonly hasResidual: boolean;
  readonly hasScaledRows: boolean;
}

interface GradientCase {
  readonly epilogue: GradientEpilogue;
  readonly hasResidual: boolean;
  readonly hasScaledRows: boolean;
}

const forwards: readonly ForwardCase[] = [
  { epilogue: "none", hasTail: false, hasBias: false, hasResidual: false, hasScaledRows: false },
  { epilogue: "none", hasTail: false, hasBias: true, hasResidual: true, hasScaledRows: true },
  { epilogue: "gelu", hasTail: true, hasBias: true, hasResidual: false, hasScaledRows: false },
  { epilogue: "geluTanh", hasTail: true, hasBias: true, hasResidual: false, hasScaledRows: false },
  { epilogue: "silu", hasTail: false, hasBias: false, hasResidual: false, hasScaledRows: false },
  { epilogue: "swiglu", hasTail: true, hasBias: false, hasResidual: false, hasScaledRows: false },
];

const gradients: readonly GradientCase[] = [
  { epilogue: "none", hasResidual: true, hasScaledRows: true },
  { epilogue: "activation", hasResidual: false, hasScaledRows: false },
  { epilogue: "swiglu", hasResidual: false, hasScaledRows: false },
];

/** Whole fours and groups; odd widths, groups that end within a row and values that end within a word; a row or two; long sums; several tiles. */
const sizes: readonly Size[] = [
  { numRows: 9, numIn: 136, numOut: 20 },
  { numRows: 5, numIn: 67, numOut: 22 },
  { numRows: 1, numIn: 4, numOut: 10 },
  { numRows: 2, numIn: 1031, numOut: 6 },
  { numRows: 37, numIn: 45, numOut: 70 },
  { numRows: 3, numIn: 31, numOut: 7 },
];
const pairedSizes = sizes.filter(({ numOut }) => numOut % 2 === 0);

/** Sums in f32 against sums in float64; activations add the rounding of an exponential. */
const tolerance = 1e-6;

/** int8 with every epilogue, forward and back, the other encodings with every other one; each size with each encoding or epilogue. */
export const packedLinearCases: readonly ParityCase[] = [
  ...tensorEncodings.flatMap((encoding, i) => casesOf(encoding, i, (j) => encoding === "int8" || (i + j) % 2 === 0)),
  forwardCase({ numRows: 3, numIn: 20, numOut: 9 }, "int8", forwards[1], 6), // groups that are no whole fours
  gradientCase({ numRows: 3, numIn: 20, numOut: 9 }, "int4", gradients[0], 6),
  forwardCase({ numRows: 4, numIn: 50, numOut: 9 }, "int8", forwards[1], 50), // a scale for each row
  gradientCase({ numRows: 4, numIn: 50, numOut: 9 }, "int8", gradients[0], 12), // columns of a tile in several groups
];

/** The epilogues that `packedLinearCases` leaves out. */
export const morePackedLinearCases: readonly ParityCase[] = tensorEncodings.flatMap((encoding, i) =>
  casesOf(encoding, i, (j) => encoding !== "int8" && (i + j) % 2 === 1),
);

function casesOf(encoding: TensorEncoding, i: number, isWanted: (j: number) => boolean): ParityCase[] {
  const all = [
    ...forwards.map((forward, j) => {
      const fitting = forward.epilogue === "swiglu" ? pairedSizes : sizes;
      return forwardCase(fitting[(i + j) % fitting.length], encoding, forward);
    }),
    ...gradients.map((gradient, j) => gradientCase(sizes[(i + 2 * j) % sizes.length], encoding, gradient)),
  ];
  return all.filter((_, j) => isWanted(j));
}

const random = createRandom(15).stream({ purpose: "packed linear parity" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
const scaledRows = { count: 5, factor: 1 / Math.sqrt(3) };

function nameOf(
  direction: string,
  { numRows, numIn, numOut }: Size,
  { encoding, groupSize }: Pick<PackedTensor, "encoding" | "groupSize">,
): string {
  return `packed ${direction}, ${numRows} rows, ${encoding}${groupSize > 0 ? ` in groups of ${groupSize}` : ""}, ${numIn} to ${numOut}`;
}

function packingOf(encoding: TensorEncoding, groupSize?: number): Pick<PackedTensor, "encoding" | "groupSize"> {
  return groupSize === undefined ? packingFor(encoding) : { encoding, groupSize };
}

function forwardCase(size: Size, encoding: TensorEncoding, call: ForwardCase, groupSize?: number): ParityCase {
  const packing = packingOf(encoding, groupSize);
  const what = [call.epilogue, call.hasTail && "tail", call.hasBias && "bias", call.hasResidual && "residual"].filter(Boolean).join(" + ");
  return {
    name: nameOf(`product (${what})`, size, packing),
    isSlowShared: encoding !== "int8",
    tolerance,
    async worstError() {
      const { numRows, numIn, numOut } = size;
      const weight = packTensor([numOut, numIn], draw(numOut * numIn), packing);
      const x = draw((numRows + 1) * numIn).map((value) => (2 * value) / Math.sqrt(numIn)); // so that activations are told apart
      const [bias, residual] = [draw(numOut), draw(numRows * numOut)];
      const rows = call.hasScaledRows ? scaledRows : { count: 0, factor: 1 };
      const map = createPackedLinear(weight, call.hasBias ? { shape: [numOut], data: bias } : null, { scaledRows: rows });
      const inputs = [tf.tensor2d(x, [numRows + 1, numIn]), tf.tensor2d(residual, [numRows, numOut])] as const; // x with a row too many
      const actual = await readTwice(() =>
        packedLinear(inputs[0], map, { ...call, numRows, residual: call.hasResidual ? inputs[1] : null }),
      );
      disposeLinear(map);
      tf.dispose([...inputs]);
      const w = scaledWeights(weight, rows);
      const y = Array.from({ length: numRows * numOut }, (_, i) => {
        const [row, out] = [Math.floor(i / numOut), i % numOut];
        let sum = (call.hasBias ? bias[out] : 0) + (call.hasResidual ? residual[i] : 0);
        for (let k = 0; k < numIn; k++) sum += x[row * numIn + k] * w[out * numIn + k];
        return sum;
      });
      return worstOfParts(actual, finished(y, call.epilogue, call.hasTail));
    },
  };
}

function gradientCase(size: Size, encoding: TensorEncoding, call: GradientCase, groupSize?: number): ParityCase {
  const packing = packingOf(encoding, groupSize);
  return {
    name: nameOf(`gradient (${call.epilogue}${call.hasResidual ? " + residual" : ""})`, size, packing),
    isSlowShared: encoding !== "int8",
    tolerance,
    async worstError() {
      const { numRows, numIn, numOut } = size;
      const weight = packTensor([numOut, numIn], draw(numOut * numIn), packing);
      const numKept = { none: 1, activation: 2, swiglu: 3 }[call.epilogue] * numRows;
      const [dy, residual, kept] = [draw((numRows + 1) * numOut), draw(numRows * numIn), draw(numKept * numIn)];
      const rows = call.hasScaledRows ? scaledRows : { count: 0, factor: 1 };
      const map = createPackedLinear(weight, null, { scaledRows: rows });
      const inputs = [
        tf.tensor2d(dy, [numRows + 1, numOut]),
        tf.tensor2d(residual, [numRows, numIn]),
        tf.tensor2d(kept, [numKept, numIn]),
      ] as const;
      const options = { numRows, residual: call.hasResidual ? inputs[1] : null, kept: call.epilogue === "none" ? null : inputs[2] };
      const actual = await readTwice(() => packedLinearGradient(inputs[0], map, { ...options, epilogue: call.epilogue }));
      disposeLinear(map);
      tf.dispose([...inputs]);
      const w = scaledWeights(weight, rows);
      const numCopies = call.epilogue === "swiglu" ? 2 : 1;
      const expected = Array.from({ length: numRows * numIn * numCopies }, (_, i) => {
        const place = Math.floor(i / numCopies);
        const [row, k] = [Math.floor(place / numIn), place % numIn];
        let sum = 0;
        for (let out = 0; out < numOut; out++) sum += dy[row * numOut + out] * w[out * numIn + k];
        return sum * (call.epilogue === "none" ? 1 : kept[numRows * numIn + i]) + (call.hasResidual ? residual[i] : 0);
      });
      return relativeError(actual, expected);
    },
  };
}

function scaledWeights(weight: PackedTensor, { count, factor }: { readonly count: number; readonly factor: number }): Float64Array {
  return Float64Array.from(unpackTensor(weight), (value, i) => (i < count * weight.shape[1] ? factor * value : value));
}

/** The result's parts, values and tail, each of them compared for itself. */
function worstOfParts(actual: Float32Array, parts: readonly (readonly number[])[]): number {
  let [worst, at] = [actual.length === parts.reduce((sum, part) => sum + part.length, 0) ? 0 : Number.POSITIVE_INFINITY, 0];
  for (const part of parts) {
    worst = Math.max(worst, relativeError(actual.subarray(at, at + part.length), part));
    at += part.length;
  }
  return worst;
}

/** The product after its epilogue, and the tail. */
function finished(y: readonly number[], epilogue: Epilogue, hasTail: boolean): number[][] {
  if (epilogue === "none") return [[...y]];
  if (epilogue !== "swiglu") {
    const both = y.map(activations[epilogue]);
    return [both.map(([f]) => f), ...(hasTail ? [both.map(([, slope]) => slope)] : [])];
  }
  const pairs = y.flatMap((gate, i) => (i % 2 === 0 ? [[...activations.silu(gate), y[i + 1]]] : []));
  return [pairs.map(([f, , up]) => f * up), ...(hasTail ? [pairs.flatMap(([f, slope, up]) => [up * slope, f])] : [])];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** f(x) and f′(x). */
const activations: Readonly<Record<Exclude<Epilogue, "none" | "swiglu">, (x: number) => [number, number]>> = {
  silu: (x) => [x * sigmoid(x), sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
  geluTanh(x) {
    const t = Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
    return [(x / 2) * (1 + t), (1 + t) / 2 + (x / 2) * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x)];
  },
  gelu(x) {
    const bell = Math.exp(-x * x * 0.5) / Math.sqrt(2 * Math.PI);
    const c = 0.5 + bell * oddSeries(x);
    return [x * c, c + x * bell];
  },
};

/** (Φ(x) − ½) / φ(x) = x + x³/3 + x⁵/15 + … (Abramowitz and Stegun 26.2.11). */
function oddSeries(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return sum;
}
