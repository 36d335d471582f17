import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { chain, frozen, type Part, product, residual, scaled, sideBySide, sum } from "./differentiable.ts";
import { type Slot, trainedLinear } from "./differentiableTrained.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

/** Two columns → two columns by a trained matrix, whose gradient goes into `found`. */
function matrix(rows: number[][], found: tf.Tensor2D[] = []): Part {
  const slot: Slot<tf.Tensor2D> = { value: tf.tensor2d(rows), receive: (gradient) => found.push(gradient) };
  return trainedLinear(slot, null, 1);
}

const x = () => tf.tensor2d([[2, 3]]);
const dy = () => tf.tensor2d([[5, 7]]);
const numbers = (tensor: tf.Tensor | null) => tensor?.arraySync();

test("x, its double and a trained matrix's product add up, and so do their gradients", () => {
  tf.tidy(() => {
    const found: tf.Tensor2D[] = [];
    const part = sum(
      residual(scaled(2)),
      matrix(
        [
          [1, 4],
          [0, -1],
        ],
        found,
      ),
    );
    const { y, backward } = part.trace(x());
    expect(numbers(y)).toEqual([[6 + 14, 9 - 3]]);
    expect(numbers(backward(dy(), true))).toEqual([[15 + 5, 21 + 20 - 7]]);
    expect(found.map(numbers)).toEqual([
      [
        [10, 15],
        [14, 21],
      ],
    ]); // dYᵀ x
  });
});

test("a product gives each factor the other's share", () => {
  tf.tidy(() => {
    const found: tf.Tensor2D[] = [];
    const { y, backward } = product(
      scaled(3),
      matrix(
        [
          [1, 0],
          [2, 1],
        ],
        found,
      ),
    ).trace(x()); // (6, 9) ⊙ (2, 7)
    expect(numbers(y)).toEqual([[12, 63]]);
    // 3 · (5 · 2, 7 · 7) + (5 · 6, 7 · 9) W
    expect(numbers(backward(dy(), true))).toEqual([[30 + 30 + 126, 147 + 63]]);
    expect(found.map(numbers)).toEqual([
      [
        [60, 90],
        [126, 189],
      ],
    ]);
  });
});

test("columns stand side by side with zeros between them, and each part gets its own columns' gradient", () => {
  tf.tidy(() => {
    const { y, backward } = sideBySide(scaled(2), 1, matrix([[1, 4]])).trace(x());
    expect(numbers(y)).toEqual([[4, 6, 0, 14]]);
    expect(numbers(backward(tf.tensor2d([[5, 7, 100, -1]]), true))).toEqual([[10 - 1, 14 - 4]]);
  });
});

test("the way back ends at the lowest trained part, unless what lies before needs it", () => {
  const untouched = frozen(
    (value) => ({ y: value, kept: null }),
    () => {
      throw new Error("nobody needs this gradient");
    },
  );
  tf.tidy(() => {
    const found: tf.Tensor2D[] = [];
    const part = residual(
      chain(
        untouched,
        untouched,
        matrix(
          [
            [1, 0],
            [0, 1],
          ],
          found,
        ),
        scaled(2),
      ),
    );
    expect(part.isTrained).toBe(true);
    expect(part.trace(x()).backward(dy(), false)).toBeNull();
    expect(found.map(numbers)).toEqual([
      [
        [20, 30],
        [28, 42],
      ],
    ]);
    expect(() => part.trace(x()).backward(dy(), true)).toThrow("nobody needs this gradient");
    expect(chain(untouched).trace(x()).backward(dy(), false)).toBeNull();
  });
});
