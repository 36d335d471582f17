import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { type BackendName, startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { multiply } from "./product.ts";

const random = createRandom(5).stream({ purpose: "product" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());

// in panels of eight columns and without; one row; more than the panels are for
const sizes = [
  { rows: 5, inner: 12, columns: 16 },
  { rows: 7, inner: 3, columns: 10 },
  { rows: 1, inner: 9, columns: 8 },
  { rows: 2, inner: 1032, columns: 1024 },
];
const turns = [{}, { a: true }, { b: true }, { a: true, b: true }];
const backends: readonly BackendName[] = ["cpu", "wasm"];

test.each(backends)("on %s products, turned or not, are what they are in float64", async (backend) => {
  await startBackend(backend);
  for (const { rows, inner, columns } of sizes) {
    for (const turned of turns) {
      const [a, b] = [draw(rows * inner), draw(inner * columns)];
      const result = tf.tidy(() =>
        multiply(
          tf.tensor2d(a, turned.a ? [inner, rows] : [rows, inner]),
          tf.tensor2d(b, turned.b ? [columns, inner] : [inner, columns]),
          turned,
        ),
      );
      const expected = Array.from({ length: rows * columns }, (_, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          sum += a[turned.a ? k * rows + row : row * inner + k] * b[turned.b ? column * inner + k : k * columns + column];
        }
        return sum;
      });
      expect(result.shape).toEqual([rows, columns]);
      expect(relativeError(await result.data(), expected)).toBeLessThan(1e-6); // f32 sums against float64
      result.dispose();
    }
  }
  expect(tf.memory().numTensors).toBe(0);
});
