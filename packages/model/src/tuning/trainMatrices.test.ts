import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { type BackendName, startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { trainMatrices } from "./trainMatrices.ts";

interface Golden {
  readonly shapes: readonly (readonly [number, number, number])[];
  readonly cores: number[][];
  readonly cotangents: number[][];
  readonly matrices: number[][];
  readonly gradients: number[][];
}

const golden = JSON.parse(readFileSync(new URL("../../golden/tensorTrain/numbers.json", import.meta.url), "utf8")) as Golden;

test.each<BackendName>(["cpu", "wasm"])("on %s trains give the matrices and gradients of torch's autodiff", async (backend) => {
  await startBackend(backend);
  const { numTensors } = tf.memory();
  const [matrices, gradients] = tf.tidy(() => {
    const made = trainMatrices(tf.tensor2d(golden.cores), golden.shapes);
    return [made.matrices, made.backward(tf.tensor2d(golden.cotangents))];
  });
  const found = await Promise.all([matrices, gradients].map((one) => one.data<"float32">()));
  // f32 against f64: sums of 27 products
  expect(relativeError(found[0], Float32Array.from(golden.matrices.flat()))).toBeLessThan(1e-6);
  expect(relativeError(found[1], Float32Array.from(golden.gradients.flat()))).toBeLessThan(1e-6);
  tf.dispose([matrices, gradients]);
  expect(tf.memory().numTensors).toBe(numTensors);
});
