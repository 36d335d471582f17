import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { distance, normOf, skewness } from "../testing/lowRank.ts";
import { type Matrix, matrixOf, multiply, transpose, zeroMatrix } from "./matrix.ts";
import { multiplyByQ, thinQr } from "./thinQr.ts";

function identity(size: number): Matrix {
  const out = zeroMatrix(size, size);
  for (let i = 0; i < size; i++) out.data[i * size + i] = 1;
  return out;
}

test("the columns (3, 4) and (1, 2) have R = −5, −2.2, 0.4, and Q's columns −(0.6, 0.8) and (−0.8, 0.6)", () => {
  const qr = thinQr(matrixOf([3, 4, 1, 2], { numRows: 2, numColumns: 2 }));
  for (const [i, value] of [-5, -2.2, 0, 0.4].entries()) expect(Math.abs(qr.r.data[i])).toBeCloseTo(Math.abs(value), 14);
  const q = multiplyByQ(qr, identity(2));
  expect(q.data[0]).toBeCloseTo(-0.6, 14);
  expect(q.data[1]).toBeCloseTo(-0.8, 14);
  expect(Math.abs(q.data[2])).toBeCloseTo(0.8, 14);
  expect(q.data[2] * qr.r.data[3]).toBeCloseTo(-0.32, 14); // (1, 2) − 2.2 (0.6, 0.8) = (−0.32, 0.24)
  expect(q.data[3] * qr.r.data[3]).toBeCloseTo(0.24, 14);
});

test("Q R is the matrix and Q orthonormal, for every size, also where vectors are 0 or repeat each other", () => {
  const sizes = fc.record({
    n: fc.integer({ min: 1, max: 9 }),
    size: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
    copies: fc.boolean(),
  });
  fc.assert(
    fc.property(sizes, ({ n, size, seed, copies }) => {
      const random = createRandom(seed).stream({ purpose: "test" });
      const vectors = matrixOf(
        Float64Array.from({ length: n * size }, () => random.normal()),
        { numRows: n, numColumns: size },
      );
      if (copies) vectors.data.copyWithin(0, (n - 1) * size);
      if (copies && n > 2) vectors.data.fill(0, size, 2 * size);
      const qr = thinQr(vectors);
      const q = multiplyByQ(qr, identity(Math.min(n, size)));
      expect(skewness(q)).toBeLessThan(1e-13);
      const product = transpose(multiply(transpose(q), qr.r));
      expect(distance(product, vectors)).toBeLessThan(1e-13 * (1 + normOf(vectors)));
      for (let i = 1; i < qr.r.numRows; i++) for (let j = 0; j < i; j++) expect(qr.r.data[i * n + j]).toBe(0);
    }),
  );
});
