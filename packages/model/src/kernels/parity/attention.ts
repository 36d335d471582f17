import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { rowStarts } from "../attention.ts";
import { runFused } from "../fusedKernels.ts";
import type { ParityCase } from "./parityCase.ts";

/** One attention with its numbers; a grouped one has fewer key/value heads. */
export interface AttentionExample {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  readonly numPrefix: number;
  readonly isCausal: boolean;
  /** Rows of each text, which lie end to end. */
  readonly lengths: readonly number[];
}

// grouped, causal, short and odd in turn; several tiles of keys and of queries; sizes that are no multiple of four, a long prefix and one token
const examples: readonly AttentionExample[] = [
  { numHeads: 4, numKeyValueHeads: 1, headSize: 16, numPrefix: 5, isCausal: true, lengths: [3, 7] },
  { numHeads: 2, numKeyValueHeads: 2, headSize: 32, numPrefix: 20, isCausal: false, lengths: [24, 17, 1] },
  { numHeads: 4, numKeyValueHeads: 1, headSize: 32, numPrefix: 0, isCausal: true, lengths: [37, 20] },
  { numHeads: 8, numKeyValueHeads: 2, headSize: 64, numPrefix: 5, isCausal: true, lengths: [24, 11] },
  { numHeads: 3, numKeyValueHeads: 3, headSize: 64, numPrefix: 20, isCausal: false, lengths: [5, 7] },
  { numHeads: 1, numKeyValueHeads: 1, headSize: 80, numPrefix: 5, isCausal: false, lengths: [6] },
  { numHeads: 2, numKeyValueHeads: 1, headSize: 128, numPrefix: 20, isCausal: true, lengths: [9, 4] },
  { numHeads: 2, numKeyValueHeads: 2, headSize: 20, numPrefix: 1, isCausal: true, lengths: [1, 1, 1] },
  { numHeads: 6, numKeyValueHeads: 3, headSize: 10, numPrefix: 35, isCausal: false, lengths: [4, 7] },
  { numHeads: 2, numKeyValueHeads: 2, headSize: 16, numPrefix: 0, isCausal: false, lengths: [33, 7] },
];

/** Attention against float64, with its gradients. */
export const attentionCases: readonly ParityCase[] = examples.map((example) => ({
  name: nameOf(example),
  isSlowShared: example.headSize !== 64,
  tolerance: 3e-6, // sums of a few hundred f32 products of numbers near 1, and the device's exp
  worstError: () => worstError(example),
}));

function nameOf({ numHeads, numKeyValueHeads, headSize, numPrefix, isCausal, lengths }: AttentionExample): string {
  const grouped = numHeads === numKeyValueHeads ? "" : ` of ${numKeyValueHeads} for keys`;
  const kind = isCausal ? "causal attention" : "attention";
  return `${kind}, ${numHeads} heads${grouped} of ${headSize}, texts of ${lengths.join(" + ")} tokens, prefix of ${numPrefix}`;
}

async function worstError(example: AttentionExample): Promise<number> {
  const drawn = drawOperands(example);
  const [actual, expected] = [await attendOnGpu(example, drawn), attendInFloat64(example, drawn)];
  return Math.max(...Object.entries(actual).map(([name, values]) => relativeError(values, expected[name as keyof AttentionNumbers])));
}

/** What goes in, flat. */
export interface AttentionOperands {
  readonly qkv: Float32Array;
  readonly prefix: Float32Array;
  readonly dy: Float32Array;
}

/** What comes out, flat; without a prefix there is no gradient of one. */
interface AttentionNumbers<Numbers extends ArrayLike<number> = Float32Array> {
  readonly y: Numbers;
  readonly dQkv: Numbers;
  readonly dPrefix?: Numbers;
}

const widthsOf = ({ numHeads, numKeyValueHeads, headSize }: AttentionExample) =>
  [numHeads * headSize, numKeyValueHeads * headSize] as const;

/** All rows. */
export const numRowsOf = ({ lengths }: AttentionExample): number => lengths.reduce((total, length) => total + length, 0);

/** Numbers for one example; queries are divided by √headSize as the kernel expects them, a little sharper. */
export function drawOperands(example: AttentionExample): AttentionOperands {
  const random = createRandom(11).stream({ purpose: "attention parity" });
  const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const [h, w] = widthsOf(example);
  const rows = numRowsOf(example);
  const factor = 2 / Math.sqrt(example.headSize);
  const qkv = draw(rows * (h + 2 * w)).map((value, i) => (i % (h + 2 * w) < h ? value * factor : value));
  return { qkv, prefix: draw(2 * example.numPrefix * w), dy: draw(rows * h) };
}

/** Both directions by the kernels; y without a tail and a gradient for the prefix alone must be the same. */
export async function attendOnGpu(example: AttentionExample, operands: AttentionOperands): Promise<AttentionNumbers> {
  const { lengths, numPrefix, ...heads } = example;
  const sizes = { ...heads, lengths: [...lengths] };
  const [h, w] = widthsOf(example);
  const rows = numRowsOf(example);
  const results = tf.tidy(() => {
    const qkv = tf.tensor2d(operands.qkv, [rows, h + 2 * w]);
    const dy = tf.tensor2d(operands.dy, [rows, h]);
    const common = { qkv, starts: tf.tensor1d(rowStarts(lengths), "int32") };
    const inputs = numPrefix === 0 ? common : { ...common, prefix: tf.tensor3d(operands.prefix, [2, numPrefix, w]) };
    const [attended] = runFused("TuttiAttend", inputs, { ...sizes, hasTail: true });
    const given = { ...inputs, dy, attended };
    const both = runFused("TuttiAttendGradient", given, { ...sizes, hasTail: true, hasInputGradient: true });
    const again =
      numPrefix === 0
        ? runFused("TuttiAttend", inputs, { ...sizes, hasTail: false })
        : runFused("TuttiAttendGradient", given, { ...sizes, hasTail: true, hasInputGradient: false });
    return [attended, again[0], both[both.length - 1], ...both.slice(0, -1)];
  });
  const [attended, again, dQkv, dPrefix] = await Promise.all(results.map((tensor) => tensor.data<"float32">()));
  tf.dispose(results);
  const y = attended.subarray(0, rows * h);
  if (attended.subarray(rows * (h + example.numHeads)).some((value) => value !== 0)) throw new Error("attention: padding that is not zero");
  const [alone, beside] = dPrefix === undefined ? ["y without a tail", y] : ["the prefix's gradient alone", dPrefix];
  if (again.length !== beside.length || again.some((value, i) => !Object.is(value, beside[i])))
    throw new Error(`attention: ${alone} differs from that beside the rest`);
  return dPrefix === undefined ? { y, dQkv } : { y, dQkv, dPrefix };
}

/** The definition, one query after the other. */
function attendInFloat64(example: AttentionExample, { qkv, prefix, dy }: AttentionOperands): Required<AttentionNumbers<Float64Array>> {
  const { numHeads, numKeyValueHeads, headSize, numPrefix, isCausal, lengths } = example;
  const [h, w] = widthsOf(example);
  const width = h + 2 * w;
  const y = new Float64Array(numRowsOf(example) * h);
  const [dQkv, dPrefix] = [new Float64Array(qkv.length), new Float64Array(prefix.length)];
  const inner = (a: Float32Array, atA: number, b: Float32Array, atB: number) => {
    let total = 0;
    for (let d = 0; d < headSize; d++) total += a[atA + d] * b[atB + d];
    return total;
  };
  const add = (to: Float64Array, at: number, factor: number, from: Float32Array, fromAt: number) => {
    for (let d = 0; d < headSize; d++) to[at + d] += factor * from[fromAt + d];
  };
  const starts = rowStarts(lengths);
  const query = (text: number, t: number, head: number): void => {
    const place = Math.floor(head / (numHeads / numKeyValueHeads)) * headSize;
    const seen = isCausal ? t + 1 : lengths[text];
    const keys = [
      ...Array.from({ length: numPrefix }, (_, j) => ({
        from: prefix,
        to: dPrefix,
        key: j * w + place,
        value: (numPrefix + j) * w + place,
      })),
      ...Array.from({ length: seen }, (_, j) => (starts[text] + j) * width + h + place).map((key) => ({
        from: qkv,
        to: dQkv,
        key,
        value: key + w,
      })),
    ];
    const [at, row] = [(starts[text] + t) * width + head * headSize, (starts[text] + t) * h + head * headSize];
    const scores = keys.map(({ from, key }) => Math.exp(inner(qkv, at, from, key)));
    const total = scores.reduce((a, b) => a + b, 0);
    const weights = scores.map((score) => score / total);
    keys.forEach(({ from, value }, j) => {
      add(y, row, weights[j], from, value);
    });
    const slopes = keys.map(({ from, value }) => inner(dy, row, from, value));
    const mean = slopes.reduce((a, slope, j) => a + weights[j] * slope, 0);
    keys.forEach(({ from, to, key, value }, j) => {
      const slope = weights[j] * (slopes[j] - mean);
      add(to, key, slope, qkv, at);
      add(to, value, weights[j], dy, row);
      add(dQkv, at, slope, from, key);
    });
  };
  lengths.forEach((length, text) => {
    for (let t = 0; t < length; t++) for (let head = 0; head < numHeads; head++) query(text, t, head);
  });
  return { y, dQkv, dPrefix };
}
