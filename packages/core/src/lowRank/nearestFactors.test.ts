import { expect, test } from "vitest";
import type { Tensor } from "../params.ts";
import { createRandom } from "../random.ts";
import { jacobiSvd } from "./jacobiSvd.ts";
import { matrixOf } from "./matrix.ts";
import { nearestFactors } from "./nearestFactors.ts";
import type { LowRankFactors } from "./truncate.ts";

const random = () => createRandom(4).stream({ purpose: "draws" });

/** A matrix with a few elements, as a mask leaves them. */
function sparse(numRows: number, numColumns: number, everyNth: number): Tensor {
  const stream = createRandom(numRows).stream({ purpose: "elements" });
  const data = Float32Array.from({ length: numRows * numColumns }, () => (stream.integer(everyNth) === 0 ? stream.normal() : 0));
  return { shape: [numRows, numColumns], data };
}

function product({ b, a }: LowRankFactors): Float64Array {
  const [numRows, rank] = b.shape;
  const [, numColumns] = a.shape;
  return Float64Array.from({ length: numRows * numColumns }, (_, at) => {
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += b.data[Math.floor(at / numColumns) * rank + r] * a.data[r * numColumns + (at % numColumns)];
    return sum;
  });
}

function distance(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return Math.hypot(...Array.from(one, (value, i) => value - other[i]));
}

function expectOrthonormal({ shape: [rank, size], data }: Tensor): void {
  for (let r = 0; r < rank; r++) {
    for (let s = 0; s <= r; s++) {
      let dot = 0;
      for (let i = 0; i < size; i++) dot += data[r * size + i] * data[s * size + i];
      expect(dot, `rows ${r} and ${s}`).toBeCloseTo(r === s ? 1 : 0, 5);
    }
  }
}

test("at full rank the factors are the matrix, tall and wide, and A's rows are orthonormal", () => {
  for (const [numRows, numColumns] of [
    [7, 5],
    [5, 7],
  ] as const) {
    const matrix = sparse(numRows, numColumns, 2);
    const factors = nearestFactors(matrix, 5, random());
    expect(distance(product(factors), matrix.data)).toBeLessThan(2e-6); // f32 factors of values up to 3
    expectOrthonormal(factors.a);
  }
});

test("at a lower rank what is missing is the smaller singular values, as Eckart and Young have it", () => {
  const matrix = sparse(9, 6, 2);
  const { values } = jacobiSvd(matrixOf(matrix.data, { numRows: 9, numColumns: 6 }));
  for (const rank of [1, 2, 4])
    expect(distance(product(nearestFactors(matrix, rank, random())), matrix.data)).toBeCloseTo(Math.hypot(...values.slice(rank)), 5);
});

test("a matrix of 0 gives a B of 0 and an orthonormal A that spreads over all columns, so that training can begin", () => {
  const { a, b } = nearestFactors({ shape: [6, 40], data: new Float32Array(240) }, 3, random());
  expect(b.data.every((value) => value === 0)).toBe(true);
  expectOrthonormal(a);
  expect(a.data.filter((value) => Math.abs(value) > 1e-3).length).toBeGreaterThan(100); // and no unit vectors
});

test("where the matrix's rank is below the factors', only those columns of B are 0, and A's rows are still orthonormal", () => {
  const data = new Float32Array(48);
  data[9] = 3; // row 1, column 1
  data[20] = -2; // row 2, column 4
  const { a, b } = nearestFactors({ shape: [6, 8], data }, 4, random());
  expect(distance(product({ a, b }), data)).toBeLessThan(1e-6);
  expectOrthonormal(a);
  const isZero = (column: number) => [0, 1, 2, 3, 4, 5].every((row) => b.data[row * 4 + column] === 0);
  expect([0, 1, 2, 3].map(isZero)).toEqual([false, false, true, true]);
});

test("above 128 rows and columns draws find the leading terms, and the same ones each time", () => {
  const stream = createRandom(8).stream({ purpose: "factors" });
  const normal = (shape: readonly [number, number]) => ({
    shape,
    data: Float32Array.from({ length: shape[0] * shape[1] }, () => stream.normal()),
  });
  for (const [numRows, numColumns] of [
    [130, 150],
    [150, 130],
  ] as const) {
    const data = Float32Array.from(product({ b: normal([numRows, 3]), a: normal([3, numColumns]) }));
    const matrix = { shape: [numRows, numColumns], data };
    const factors = nearestFactors(matrix, 3, random());
    expect(distance(product(factors), data) / Math.hypot(...data)).toBeLessThan(1e-6);
    expectOrthonormal(factors.a);
    expect(nearestFactors(matrix, 3, random())).toEqual(factors);
  }
});
