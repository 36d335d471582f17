import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { relativeError } from "../../verify/relativeError.ts";
import { activate, plainActivate } from "../activation.ts";
import { attend, attendGradient, visibility } from "../attention.ts";
import type { AttentionShape } from "../attentionShape.ts";
import { crossEntropy } from "../crossEntropy.ts";
import { hasFused } from "../fusedKernels.ts";
import { createLinear, linear, linearGradient } from "../linear.ts";
import { type Norm, normalize, normalizeGradient, plainNormalize, plainNormalizeGradient } from "../norm.ts";
import { plainAttend, plainAttendGradient } from "../plainAttention.ts";
import { multiply } from "../product.ts";
import { partOf } from "../rows.ts";

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

test("a part of a vector is its numbers, also where the memory grows for it", async () => {
  const before = tf.memory().numTensors;
  const values = Float32Array.from({ length: 3_000_000 }, (_, i) => i % 977);
  const vector = tf.tensor1d(values);
  for (const [start, size] of [
    [0, 1],
    [7, 2_000_003],
    [2_999_998, 2],
  ]) {
    const part = partOf(vector, start, size);
    expect(part.shape).toEqual([size]);
    expect((await part.data()).every((value, i) => value === values[start + i])).toBe(true);
    part.dispose();
  }
  vector.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

const shapes: { name: string; shape: AttentionShape; numPrefix: number }[] = [
  {
    name: "an encoder's",
    shape: attentionOf({ numHeads: 4, numKeyValueHeads: 4, headSize: 32, lengths: [24, 17, 1] }),
    numPrefix: 16,
  },
  { name: "odd sizes", shape: attentionOf({ numHeads: 3, numKeyValueHeads: 3, headSize: 8, lengths: [5, 7] }), numPrefix: 3 },
  {
    name: "grouped queries, causal",
    shape: attentionOf({ numHeads: 6, numKeyValueHeads: 2, headSize: 16, lengths: [11, 4], isCausal: true }),
    numPrefix: 5,
  },
  ...[8, 16, 24, 40, 64, 128].map((headSize) => ({
    name: `heads of ${headSize}`,
    shape: attentionOf({ numHeads: 2, numKeyValueHeads: 1, headSize, lengths: [9, 6] }),
    numPrefix: 2,
  })),
  { name: "one token", shape: attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 8, lengths: [1] }), numPrefix: 1 },
  {
    name: "one causal token",
    shape: attentionOf({ numHeads: 1, numKeyValueHeads: 1, headSize: 8, lengths: [1], isCausal: true }),
    numPrefix: 1,
  },
  {
    name: "a text far shorter than its neighbours",
    shape: attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 16, lengths: [1, 65, 33] }),
    numPrefix: 31,
  },
];

function attentionOf(shape: Omit<AttentionShape, "isCausal"> & { isCausal?: boolean }): AttentionShape {
  return { isCausal: false, ...shape };
}

/** The masks of the plain form, written out here. */
function masksOf({ lengths, isCausal }: AttentionShape, numPrefix: number): tf.Tensor2D[] {
  return lengths.map((length) =>
    tf.tensor2d(
      Array.from({ length }, (_, query) =>
        Array.from({ length: numPrefix + length }, (_, key) => (!isCausal || key - numPrefix <= query ? 0 : -1e9)),
      ),
    ),
  );
}

function rowsOf({ lengths }: AttentionShape): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

test.each(shapes)("attention equals its plain form: $name", async ({ shape, numPrefix }) => {
  const seen = visibility(shape, numPrefix);
  const rows = rowsOf(shape);
  const [h, w] = [shape.numHeads * shape.headSize, shape.numKeyValueHeads * shape.headSize];
  const queries = normal<tf.Rank.R2>([rows, h], 1 / Math.sqrt(shape.headSize)); // as the backbone hands them over
  const qkv = tf.concat2d([queries, normal<tf.Rank.R2>([rows, 2 * w])], 1);
  const prefix = normal<tf.Rank.R3>([2, numPrefix, w]);
  const dy = normal<tf.Rank.R2>([rows, h]);
  const [fused, plain] = [
    attend(qkv, prefix, seen, { shape, hasGradient: true }),
    plainAttend(qkv, prefix, masksOf(shape, numPrefix), shape),
  ];
  expect(await errorOf(fused.y, plain.y)).toBeLessThan(tolerance);
  const [got, expected] = [attendGradient(dy, fused, seen, { shape, hasInputGradient: true }), plainAttendGradient(dy, plain, shape, true)];
  expect(await errorOf(got.dPrefix, expected.dPrefix)).toBeLessThan(tolerance);
  expect(await errorOf(got.dQkv, expected.dQkv)).toBeLessThan(tolerance);
  const lowest = attendGradient(dy, fused, seen, { shape, hasInputGradient: false });
  expect(lowest.dQkv).toBeNull();
  expect(await errorOf(lowest.dPrefix, got.dPrefix)).toBe(0);
});

test.each([
  { name: "of an encoder", numHeads: 2, numKeyValueHeads: 2, headSize: 8, isCausal: false, numPrefix: 3 },
  { name: "causal, grouped, without a prefix", numHeads: 4, numKeyValueHeads: 2, headSize: 16, isCausal: true, numPrefix: 0 },
])("a text has the same bits alone and beside others, forward and backward: $name", async ({ name: _, numPrefix, ...heads }) => {
  const [h, w] = [heads.numHeads * heads.headSize, heads.numKeyValueHeads * heads.headSize];
  const prefix = numPrefix === 0 ? null : normal<tf.Rank.R3>([2, numPrefix, w]);
  const textOf = (length: number) => ({ length, qkv: normal<tf.Rank.R2>([length, h + 2 * w]), dy: normal<tf.Rank.R2>([length, h]) });
  const broken = { length: 9, qkv: tf.fill<tf.Rank.R2>([9, h + 2 * w], Number.NaN), dy: tf.fill<tf.Rank.R2>([9, h], Number.NaN) };
  const [one, two, three] = [textOf(5), textOf(13), textOf(2)];
  const inBatch = async (texts: { length: number; qkv: tf.Tensor2D; dy: tf.Tensor2D }[], text: number) => {
    const shape = { ...heads, lengths: texts.map(({ length }) => length) };
    const seen = visibility(shape, numPrefix);
    const attended = attend(
      tf.concat2d(
        texts.map(({ qkv }) => qkv),
        0,
      ),
      prefix,
      seen,
      { shape, hasGradient: true },
    );
    const { dQkv } = attendGradient(
      tf.concat2d(
        texts.map(({ dy }) => dy),
        0,
      ),
      attended,
      seen,
      { shape, hasInputGradient: true },
    );
    const start = shape.lengths.slice(0, text).reduce((sum, length) => sum + length, 0);
    return Promise.all([attended.y, dQkv].map((rows) => rows?.slice([start, 0], [texts[text].length, -1]).data()));
  };
  const alone = await inBatch([one], 0);
  expect(alone.flatMap((values) => [...(values ?? [Number.NaN])]).every(Number.isFinite)).toBe(true);
  expect(await inBatch([two, one, three], 1)).toEqual(alone);
  expect(await inBatch([broken, three, one], 2)).toEqual(alone);
});

test("what attention keeps grows with the rows, not with the longest text", () => {
  const shape = attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 8, lengths: [40, 6, 1] });
  const { weights } = attend(normal<tf.Rank.R2>([47, 48]), null, visibility(shape, 0), { shape, hasGradient: true });
  expect(weights.map(({ size }) => size)).toEqual([2 * (40 * 40 + 6 * 8 + 1 * 8)]);
});

test("heads that are no multiple of 8 take the plain form, and the masks it needs", async () => {
  const shape = attentionOf({ numHeads: 3, numKeyValueHeads: 3, headSize: 5, lengths: [6, 2], isCausal: true });
  const [qkv, prefix] = [normal<tf.Rank.R2>([8, 45]), normal<tf.Rank.R3>([2, 3, 15])];
  const seen = visibility(shape, 3);
  expect(seen.masks.every((mask) => mask !== null)).toBe(true);
  expect(
    await errorOf(attend(qkv, prefix, seen, { shape, hasGradient: true }).y, plainAttend(qkv, prefix, masksOf(shape, 3), shape).y),
  ).toBe(0);
});

test("rows that earlier texts or other tensors left in memory do not show, however they look", async () => {
  const shape = attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 8, lengths: [20, 3] });
  const seen = visibility(shape, 2);
  const [qkv, prefix, dy] = [normal<tf.Rank.R2>([23, 48]), normal<tf.Rank.R3>([2, 2, 16]), normal<tf.Rank.R2>([23, 16])];
  const bits = async () => {
    const attended = attend(qkv, prefix, seen, { shape, hasGradient: true });
    const { dPrefix, dQkv } = attendGradient(dy, attended, seen, { shape, hasInputGradient: true });
    return [await attended.y.data(), await dPrefix?.data(), await (dQkv ?? dPrefix)?.data()];
  };
  const first = await bits();
  for (const left of [Number.NaN, Number.POSITIVE_INFINITY, 1e38]) {
    tf.dispose([23 * 16, 2 * (20 * 24 + 3 * 8), 8 * 24, 20 * 24, 2 * 2 * 16, 23 * 48].map((size) => tf.fill([size], left).add(0)));
    expect(await bits()).toEqual(first);
  }
});

test("memory that grows in the middle changes nothing, and tensors do not touch their neighbours", async () => {
  const norm: Norm = { kind: "layer", weight: normal<tf.Rank.R1>([12]), bias: normal<tf.Rank.R1>([12]), epsilon: 1e-5 };
  const shape = attentionOf({ numHeads: 3, numKeyValueHeads: 3, headSize: 8, lengths: [5, 4, 1] });
  const seen = visibility(shape, 2);
  const guards = Array.from({ length: 40 }, (_, i) => tf.fill<tf.Rank.R1>([1 + (i % 7)], i).add<tf.Tensor1D>(0));
  const [x, qkv, prefix] = [normal<tf.Rank.R2>([3, 12]), normal<tf.Rank.R2>([10, 72]), normal<tf.Rank.R3>([2, 1, 24])];
  const bits = async () => {
    const attended = attend(qkv, prefix, seen, { shape, hasGradient: true });
    const tensors = [
      normalize(x, norm).y,
      activate(x, "gelu", true).y,
      attended.y,
      attendGradient(attended.y, attended, seen, { shape, hasInputGradient: true }).dPrefix,
    ];
    return Promise.all(tensors.map((tensor) => tensor?.data()));
  };
  const first = await bits();
  for (let i = 0; i < 4; i++) {
    const large = tf.ones([2 ** 23]); // 32 MiB
    expect(await bits()).toEqual(first);
    if (i % 2 === 1) large.dispose();
  }
  for (const [i, guard] of guards.entries()) expect(new Set(await guard.data())).toEqual(new Set([i]));
});

test("after another backend has computed, the kernels work on old tensors and on new ones", async () => {
  const shape = attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 8, lengths: [4] });
  const seen = visibility(shape, 2);
  const [qkv, prefix] = [normal<tf.Rank.R2>([4, 48]), normal<tf.Rank.R3>([2, 2, 16])];
  const before = await attend(qkv, prefix, seen, { shape, hasGradient: true }).y.data();
  await startBackend("cpu");
  expect(hasFused("TuttiAttend")).toBe(false);
  const onCpu = attend(qkv, prefix, visibility(shape, 2), { shape, hasGradient: true }).y;
  expect(relativeError(await onCpu.data(), before)).toBeLessThan(tolerance);
  const fromCpu = tf.add<tf.Tensor2D>(qkv, 0);
  await startBackend("wasm");
  expect(await attend(qkv, prefix, seen, { shape, hasGradient: true }).y.data()).toEqual(before);
  expect(await attend(fromCpu, prefix, seen, { shape, hasGradient: true }).y.data()).toEqual(before);
});

test("kernels leave no tensor and no memory behind", () => {
  const [{ shape, numPrefix }] = shapes;
  const seen = visibility(shape, numPrefix);
  const qkv = normal<tf.Rank.R2>([rowsOf(shape), 384]);
  const prefix = normal<tf.Rank.R3>([2, numPrefix, 128]);
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  tf.tidy(() => {
    const attended = attend(qkv, prefix, seen, { shape, hasGradient: true });
    attendGradient(attended.y, attended, seen, { shape, hasInputGradient: true });
    attendGradient(attended.y, attended, seen, { shape, hasInputGradient: false });
    activate(qkv, "gelu", true);
  });
  expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
});

test("attention without a prefix equals its plain form", async () => {
  const shape = attentionOf({ numHeads: 2, numKeyValueHeads: 2, headSize: 8, lengths: [5, 2] });
  const qkv = normal<tf.Rank.R2>([7, 48]);
  expect(
    await errorOf(
      attend(qkv, null, visibility(shape, 0), { shape, hasGradient: true }).y,
      plainAttend(qkv, null, masksOf(shape, 0), shape).y,
    ),
  ).toBeLessThan(tolerance);
});

test.each([
  { kind: "layer", rows: 7, width: 20 },
  { kind: "rms", rows: 7, width: 20 },
  { kind: "layer", rows: 1, width: 4 },
  { kind: "rms", rows: 3, width: 6 },
] as const)("$kind norms of $rows rows of $width equal their plain form", async ({ kind, rows, width }) => {
  const bias = kind === "layer" ? normal<tf.Rank.R1>([width]) : null;
  const norm: Norm = { kind, weight: normal<tf.Rank.R1>([width]), bias, epsilon: 1e-5 };
  const [x, dy] = [normal<tf.Rank.R2>([rows, width], 3), normal<tf.Rank.R2>([rows, width])];
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

test("cross-entropy and its gradient equal their values in float64, also where a target's probability is next to nothing", async () => {
  const [rows, columns, targets, weights] = [3, 1028, [4, 0, 1027], [0.5, 0.125, 2]];
  const logits = normal<tf.Rank.R2>([rows, columns], 40);
  const x = await logits.data();
  const { loss, dLogits } = crossEntropy(logits, targets, weights);
  let expectedLoss = 0;
  const expectedGradient = targets.flatMap((target, row) => {
    const own = [...x.slice(row * columns, (row + 1) * columns)];
    const top = Math.max(...own);
    const sum = own.reduce((all, value) => all + Math.exp(value - top), 0);
    expectedLoss += weights[row] * (Math.log(sum) + top - own[target]);
    return own.map((value, column) => weights[row] * (Math.exp(value - top) / sum - (column === target ? 1 : 0)));
  });
  expect(relativeError(await loss.data(), [expectedLoss])).toBeLessThan(tolerance);
  expect(relativeError(await dLogits.data(), expectedGradient)).toBeLessThan(tolerance);
});

// layers' rows, more than the library's kernels take at once; widths that are multiples of 8, of 4, and neither
test.each([
  { numIn: 24, numOut: 16, width: 8 },
  { numIn: 12, numOut: 10, width: 12 },
  { numIn: 1032, numOut: 1024, width: 6 },
])("a row has the same bits alone and beside others: product to $numOut of $numIn, norms and activation of $width", async (size) => {
  const { numIn, numOut, width } = size;
  const map = createLinear({ shape: [numOut, numIn], data: await normal([numOut, numIn]).data<"float32">() }, null);
  const norm: Norm = { kind: "layer", weight: normal<tf.Rank.R1>([width]), bias: normal<tf.Rank.R1>([width]), epsilon: 1e-5 };
  const [x, dx, z, dz] = [numIn, numOut, width, width].map((columns) => normal<tf.Rank.R2>([11, columns]));
  const kept = normal<tf.Rank.R2>([numIn, 8]);
  const ofRows = async (first: number, count: number) => {
    const [a, d, b, db] = [x, dx, z, dz].map((all) => tf.slice2d(all, [first, 0], [count, all.shape[1]]));
    const normed = normalize(b, norm);
    const activated = activate(b, "gelu", true);
    const results = [linear(a, map), linearGradient(d, map), multiply(a, kept)];
    const more = [normed.y, normalizeGradient(db, normed, norm), activated.y, activated.derivative];
    return Promise.all([...results, ...more].map((rows) => rows?.data()));
  };
  const together = await ofRows(0, 11);
  for (const [first, count] of [
    [0, 1],
    [3, 2],
    [5, 6],
    [10, 1],
  ]) {
    const own = together.map((rows) => rows?.slice((first * rows.length) / 11, ((first + count) * rows.length) / 11));
    expect(await ofRows(first, count)).toEqual(own);
  }
});

test("a number that is none stays none: activations do not make it finite, and softmax shows it in the whole row", async () => {
  const x = tf.tensor2d([Number.NaN, 1, -2, Number.NaN], [1, 4]);
  for (const kind of ["gelu", "geluTanh", "silu"] as const) {
    const { y, derivative } = activate(x, kind, true);
    for (const result of [y, derivative]) expect([...((await result?.data()) ?? [])].map(Number.isNaN)).toEqual([true, false, false, true]);
  }
  const logits = tf.tensor2d([Number.NaN, ...new Float32Array(1023)], [1, 1024]);
  const { loss } = crossEntropy(logits, [3], [1]);
  expect(await loss.data()).toEqual(Float32Array.of(Number.NaN));
});
