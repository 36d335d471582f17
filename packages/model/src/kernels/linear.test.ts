import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { afterEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { createLinear, disposeLinear, linear, linearGradient, stackLinears, tensorsOf } from "./linear.ts";

const random = createRandom(2).stream({ purpose: "linear" });
const draw = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
});

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

/** (rows, in) times (out, in) transposed, in float64. */
function expected(x: Float32Array, w: Float32Array, [rows, numIn, numOut]: readonly number[], bias: Float32Array | null): number[] {
  return Array.from({ length: rows * numOut }, (_, i) => {
    const [row, out] = [Math.floor(i / numOut), i % numOut];
    let sum = bias?.[out] ?? 0;
    for (let k = 0; k < numIn; k++) sum += x[row * numIn + k] * w[out * numIn + k];
    return sum;
  });
}

const sizes = [
  { numIn: 1032, numOut: 1024, rows: 2, layout: "panels" },
  { numIn: 24, numOut: 40, rows: 7, layout: "panels" },
  { numIn: 8, numOut: 16, rows: 1, layout: "panels" },
  { numIn: 12, numOut: 5, rows: 6, layout: "plain" },
];

test.each(sizes)("on wasm $rows rows times ($numOut, $numIn) are what they are in float64", async ({ numIn, numOut, rows, layout }) => {
  await startBackend("wasm");
  const [x, dy, w, b] = [draw(rows, numIn), draw(rows, numOut), draw(numOut, numIn), draw(numOut)];
  for (const bias of [b, null]) {
    const map = createLinear(w, bias);
    expect([map.forward.layout, map.backward.layout]).toEqual([layout, layout]); // W and Wᵀ are both stored: no product has to turn one
    expect(tensorsOf(map).map(({ size }) => size)).toEqual([numIn * numOut, numIn * numOut, ...(bias === null ? [] : [numOut])]);
    const y = tf.tidy(() => linear(tf.tensor2d(x.data, [rows, numIn]), map));
    const dx = tf.tidy(() => linearGradient(tf.tensor2d(dy.data, [rows, numOut]), map));
    expect(relativeError(await y.data(), expected(x.data, w.data, [rows, numIn, numOut], bias?.data ?? null))).toBeLessThan(1e-6);
    const turned = Float32Array.from({ length: w.data.length }, (_, i) => w.data[(i % numOut) * numIn + Math.floor(i / numOut)]);
    expect(relativeError(await dx.data(), expected(dy.data, turned, [rows, numOut, numIn], null))).toBeLessThan(1e-6);
    disposeLinear(map);
    tf.dispose([x, y, dx]);
  }
});

test.each(["wasm", "cpu"] as const)("stacked maps on %s are the maps side by side, each with its scale", async (backend) => {
  await startBackend(backend);
  const [x, w1, w2, bias] = [draw(3, 8), draw(8, 8), draw(16, 8), draw(16)];
  const map = stackLinears([w1, w2], [null, bias], [0.5, 1]);
  const y = tf.tidy(() => linear(tf.tensor2d(x.data, [3, 8]), map));
  const [first, second] = [expected(x.data, w1.data, [3, 8, 8], null), expected(x.data, w2.data, [3, 8, 16], bias.data)];
  const rows = [0, 1, 2].flatMap((row) => [
    ...first.slice(8 * row, 8 * row + 8).map((value) => 0.5 * value),
    ...second.slice(16 * row, 16 * row + 16),
  ]);
  expect(relativeError(await y.data(), rows)).toBeLessThan(1e-6);
  disposeLinear(map);
  y.dispose();
});

test.each(sizes)(
  "on wasm what is added to $rows rows times ($numOut, $numIn), or multiplied with them, comes behind the whole sum, bit for bit",
  async ({ numIn, numOut, rows }) => {
    await startBackend("wasm");
    const [w, b] = [draw(numOut, numIn), draw(numOut)];
    const bits = async (run: () => tf.Tensor) => {
      const tensor = tf.tidy(run);
      const values = await tensor.data<"float32">();
      tensor.dispose();
      return [...new Uint32Array(values.slice().buffer)];
    };
    for (const bias of [b, null]) {
      const map = createLinear(w, bias);
      const [x, dy] = [tf.tensor2d(draw(rows, numIn).data, [rows, numIn]), tf.tensor2d(draw(rows, numOut).data, [rows, numOut])];
      const [residual, other] = [tf.tensor2d(draw(rows, numOut).data, [rows, numOut]), tf.tensor2d(draw(rows, numIn).data, [rows, numIn])];
      const pairs: [() => tf.Tensor, () => tf.Tensor][] = [
        [() => linear(x, map, { residual }), () => tf.add(residual, linear(x, map))],
        [() => linearGradient(dy, map, { residual: other }), () => tf.add(other, linearGradient(dy, map))],
        [() => linearGradient(dy, map, { factor: other }), () => tf.mul(linearGradient(dy, map), other)],
      ];
      for (const [fused, apart] of pairs) expect(await bits(fused)).toEqual(await bits(apart));
      tf.dispose([x, dy, residual, other]);
      disposeLinear(map);
    }
  },
);
