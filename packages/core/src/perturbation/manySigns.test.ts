import { expect, test } from "vitest";
import { addManySigns, type Movement } from "./manySigns.ts";
import { addSigns } from "./signs.ts";

const onGrid = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 37) % 1000) / 1024);
const movementsOf = (count: number): Movement[] =>
  Array.from({ length: count }, (_, k) => ({ seed: (k * 2654435761) >>> 0, amount: (7 * k - 30) / 4096 }));

test.each([
  [1, 0, 64],
  [8, 5, 300],
  [9, 31, 1],
  [21, 64, 97],
  [40, 2 ** 33 + 7, 131],
])("%d movements from value %d on over %d values are those of one seed after another, bit for bit", (count, offset, length) => {
  const [many, single] = [onGrid(length), onGrid(length)];
  addManySigns(many, movementsOf(count), offset);
  for (const { seed, amount } of movementsOf(count)) addSigns(single, amount, { seed, offset });
  expect(many).toEqual(single);
  expect(many).not.toEqual(onGrid(length));
});

test("no movement leaves values as they are", () => {
  const values = onGrid(50);
  addManySigns(values, [], 3);
  expect(values).toEqual(onGrid(50));
});
