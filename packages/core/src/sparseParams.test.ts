import { expect, test } from "vitest";
import { createRandom } from "./random.ts";
import { denseOf, isSparseName, numSparse, sparseNameOf, sparsePlaces } from "./sparseParams.ts";

test("a mask is the same integers everywhere: those of seed 5", () => {
  expect([...sparsePlaces(createRandom(5), { name: "sparse/0/query", count: 8, size: 100 })]).toEqual([3, 9, 18, 25, 34, 48, 63, 99]);
});

test("places ascend, are different ones within the matrix, and follow from seed and name", () => {
  const draw = (seed: number, name: string, count = 164) => [...sparsePlaces(createRandom(seed), { name, count, size: 16_384 })];
  const places = draw(1, "sparse/3/value");
  expect(places).toHaveLength(164);
  for (const [i, place] of places.entries()) expect(place).toBeGreaterThan(places[i - 1] ?? -1);
  expect(places.at(-1)).toBeLessThan(16_384);
  expect(draw(1, "sparse/3/value")).toEqual(places);
  expect(draw(2, "sparse/3/value")).not.toEqual(places);
  expect(draw(1, "sparse/3/query")).not.toEqual(places);
});

test("every element is drawn as often as any other, the last and the first too", () => {
  const counts = new Array<number>(12).fill(0);
  for (let seed = 0; seed < 3000; seed++)
    for (const place of sparsePlaces(createRandom(seed), { name: "sparse/0/query", count: 3, size: 12 })) counts[place] += 1;
  // 3000 draws of probability 1/4: 750 expected, a standard deviation of 24
  for (const count of counts) expect(Math.abs(count - 750)).toBeLessThan(100);
});

test("a mask may be the whole matrix, and no more or less than one element of it", () => {
  expect([...sparsePlaces(createRandom(1), { name: "sparse/0/query", count: 6, size: 6 })]).toEqual([0, 1, 2, 3, 4, 5]);
  for (const count of [0, 7, 2.5])
    expect(() => sparsePlaces(createRandom(1), { name: "sparse/0/query", count, size: 6 })).toThrow(
      `tensor sparse/0/query: ${count} elements of a matrix of 6, expected 1 to 6`,
    );
  expect([numSparse(16_384, 0.01), numSparse(50, 0.01), numSparse(40, 0.01), numSparse(40, 1)]).toEqual([164, 1, 1, 40]);
});

test("values lie in the matrix at their places, times the factor", () => {
  const values = { shape: [2], data: Float32Array.of(3, -5) };
  expect(denseOf(values, Int32Array.of(1, 5), [2, 3], 0.5)).toEqual({ shape: [2, 3], data: Float32Array.of(0, 1.5, 0, 0, 0, -2.5) });
  expect(sparseNameOf("lora/11/query/b")).toBe("sparse/11/query");
  expect([isSparseName("sparse/0/up"), isSparseName("lora/0/up/b")]).toEqual([true, false]);
});
