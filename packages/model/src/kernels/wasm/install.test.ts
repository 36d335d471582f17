import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { relativeError } from "../../verify/relativeError.ts";
import { activate, plainActivate } from "../activation.ts";
import { type AttentionShape, attend, attendGradient } from "../attention.ts";
import { hasFused } from "../fusedKernels.ts";
import { type Norm, normalize, normalizeGradient, plainNormalize, plainNormalizeGradient } from "../norm.ts";
import { plainAttend, plainAttendGradient } from "../plainAttention.ts";

const random = createRandom(11).stream({ purpose: "kernels" });
/** Two f32 computations of the same numbers in different order. */
const tolerance = 2e-6;

beforeAll(async () => {
  await startBackend("wasm");
});

function normal<R extends tf.Rank>(shape: tf.ShapeMap[R], scale = 1): tf.Tensor<R> {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
    shape,
  );
}

async function errorOf(actual: tf.Tensor | null, expected: tf.Tensor | null): Promise<number> {
  if (actual === null || expected === null) throw new Error("a result is missing");
  expect(actual.shape).toEqual(expected.shape);
  return relativeError(await actual.data(), await expected.data());
}

test("the wasm backend has kernels of our own", () => {
  expect(hasFused("TuttiAttend")).toBe(true);
});

const shapes: { name: string; shape: AttentionShape; numPrefix: number }[] = [
  {
    name: "an encoder's",
    shape: attentionOf({ numHeads: 4, numKeyValueHeads: 4, headSize: 32, numTokens: 24, lengths: [24, 17, 1] }),
    numPrefix: 16,
  },
  { name: "odd sizes", shape: attentionOf({ numHeads: 3, numKeyValueHeads: 3, headSize: 8, numTokens: 7, lengths: [5, 7] }), numPrefix: 3 },
  {
    name: "grouped queries, causal",
    shape: attentionOf({ numHeads: 6, numKeyValueHeads: 2, headSize: 16, numTokens: 11, lengths: [11, 4], isCausal: true }),
    numPrefix: 5,
  },
];

function attentionOf(shape: Omit<AttentionShape, "isCausal"> & { isCausal?: boolean }): AttentionShape {
  return { isCausal: false, ...shape };
}

/** The mask of the plain form, written out here. */
function maskOf({ numTokens, lengths, isCausal }: AttentionShape, numPrefix: number): tf.Tensor4D {
  const rows = lengths.map((length) =>
    Array.from({ length: numTokens }, (_, query) =>
      Array.from({ length: numPrefix + numTokens }, (_, key) =>
        key - numPrefix < (isCausal ? Math.min(length, query + 1) : length) ? 0 : -1e9,
      ),
    ),
  );
  return tf.tensor4d(rows.map((row) => [row]));
}

test.each(shapes)("attention equals its plain form: $name", async ({ shape, numPrefix }) => {
  const rows = shape.lengths.length * shape.numTokens;
  const [h, w] = [shape.numHeads * shape.headSize, shape.numKeyValueHeads * shape.headSize];
  const qkv = normal<tf.Rank.R2>([rows, h + 2 * w]);
  const prefix = normal<tf.Rank.R3>([2, numPrefix, w]);
  // as in training, padded rows of the incoming gradient are zero
  const isReal = tf.tensor2d(shape.lengths.flatMap((length) => Array.from({ length: shape.numTokens }, (_, t) => [t < length ? 1 : 0])));
  const dy = tf.mul<tf.Tensor2D>(normal<tf.Rank.R2>([rows, h]), isReal);
  const [fused, plain] = [attend(qkv, prefix, null, shape), plainAttend(qkv, prefix, maskOf(shape, numPrefix), shape)];
  expect(await errorOf(fused.y, plain.y)).toBeLessThan(tolerance);
  const [got, expected] = [attendGradient(dy, fused, shape, true), plainAttendGradient(dy, plain, shape, true)];
  expect(await errorOf(got.dPrefix, expected.dPrefix)).toBeLessThan(tolerance);
  expect(await errorOf(got.dQkv, expected.dQkv)).toBeLessThan(tolerance);
  const lowest = attendGradient(dy, fused, shape, false);
  expect(lowest.dQkv).toBeNull();
  expect(await errorOf(lowest.dPrefix, got.dPrefix)).toBe(0);
});

test("kernels leave no tensor and no memory behind", () => {
  const [{ shape, numPrefix }] = shapes;
  const qkv = normal<tf.Rank.R2>([72, 384]);
  const prefix = normal<tf.Rank.R3>([2, numPrefix, 128]);
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  tf.tidy(() => {
    const attended = attend(qkv, prefix, null, shape);
    attendGradient(attended.y, attended, shape, true);
    attendGradient(attended.y, attended, shape, false);
    activate(qkv, "gelu", true);
  });
  expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
});

test("attention without a prefix equals its plain form", async () => {
  const shape = attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 8, numTokens: 5, lengths: [5, 2] });
  const qkv = normal<tf.Rank.R2>([10, 48]);
  expect(await errorOf(attend(qkv, null, null, shape).y, plainAttend(qkv, null, maskOf(shape, 0), shape).y)).toBeLessThan(tolerance);
});

test.each(["layer", "rms"] as const)("%s norms equal their plain form", async (kind) => {
  const bias = kind === "layer" ? normal<tf.Rank.R1>([20]) : null;
  const norm: Norm = { kind, weight: normal<tf.Rank.R1>([20]), bias, epsilon: 1e-5 };
  const [x, dy] = [normal<tf.Rank.R2>([7, 20], 3), normal<tf.Rank.R2>([7, 20])];
  const [fused, plain] = [normalize(x, norm), plainNormalize(x, norm)];
  expect(await errorOf(fused.y, plain.y)).toBeLessThan(tolerance);
  expect(await errorOf(normalizeGradient(dy, fused, norm), plainNormalizeGradient(dy, plain, norm))).toBeLessThan(tolerance);
});

test.each(["gelu", "geluTanh", "silu"] as const)("%s equals its plain form from −30 to 30, and does not overflow", async (kind) => {
  const x = tf.tensor2d([...Array.from({ length: 1200 }, (_, i) => (i - 600) / 20), -1e4, 1e4, -120, 120], [301, 4]);
  const [fused, plain] = [activate(x, kind, true), plainActivate(x, kind, true)];
  expect(await errorOf(fused.y, plain.y)).toBeLessThan(tolerance);
  expect(await errorOf(fused.derivative, plain.derivative)).toBeLessThan(tolerance);
  expect(await errorOf(activate(x, kind, false).y, fused.y)).toBe(0);
});
