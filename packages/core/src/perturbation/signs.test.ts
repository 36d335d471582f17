import { describe, expect, test } from "vitest";
import { perturbedOffsets } from "./numbering.ts";
import { addSigns, fillSigns, signAt, signWord } from "./signs.ts";

describe("the signs of a seed", () => {
  test("are the bits of a hash of 32-bit integers, as big integers of any size give it (P-223)", () => {
    // computed in Python, whose integers do not overflow: ((x · 0x7feb352d) mod 2³²) and so on
    expect([signWord(0, 0), signWord(0, 1), signWord(1, 0), signWord(4095, 17)]).toEqual([0x944fb554, 0xc67c684d, 0xc0951f9f, 0x98111d7d]);
    expect([signWord(0x89abcdef, 0xfffffffe), signWord(0xffffffff, 123456789)]).toEqual([0x32582ce2, 0xa9291d6c]);
  });

  test("fill a word from its lowest bit, and a bit of 1 is -1", () => {
    const word = 0x98111d7d;
    const signs = Array.from({ length: 32 }, (_, i) => signAt(4095, 17 * 32 + i));
    expect(signs).toEqual(Array.from({ length: 32 }, (_, i) => ((word >>> i) & 1 ? -1 : 1)));
  });

  test("are the same wherever a range begins and ends, in either kind of array", () => {
    const whole = Float32Array.from({ length: 200 }, (_, i) => signAt(77, i));
    for (const [offset, length] of [
      [0, 200],
      [1, 31],
      [31, 2],
      [33, 95],
      [64, 32],
      [150, 0],
    ] as const) {
      const [bytes, floats] = [new Int8Array(length), new Float32Array(length)];
      fillSigns(bytes, { seed: 77, offset });
      fillSigns(floats, { seed: 77, offset });
      expect(floats).toEqual(whole.slice(offset, offset + length));
      expect(Array.from(bytes)).toEqual(Array.from(floats));
    }
  });

  test("are told apart beyond 2³² values, where an index no longer fits 32 bits", () => {
    const offset = 2 ** 32 + 5;
    const far = new Int8Array(64);
    fillSigns(far, { seed: 3, offset });
    expect(Array.from(far)).toEqual(Array.from({ length: 64 }, (_, i) => signAt(3, offset + i)));
    expect(signWord(3, 2 ** 27)).not.toBe(signWord(3, 0));
  });

  test("are balanced, and unrelated between neighbouring seeds and neighbouring words", () => {
    const size = 1 << 16;
    const of = (seed: number, offset = 0) => {
      const signs = new Int8Array(size);
      fillSigns(signs, { seed, offset });
      return signs;
    };
    const dot = (a: Int8Array, b: Int8Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    const ones = new Int8Array(size).fill(1);
    const sums = [0, 1, 2, 3, 1000].flatMap((seed) => [
      dot(of(seed), ones),
      dot(of(seed), of(seed + 1)),
      dot(of(seed), of(seed, 1)),
      dot(of(seed), of(seed, 32)),
    ]);
    for (const sum of sums) expect(Math.abs(sum)).toBeLessThan(4 * Math.sqrt(size)); // four standard deviations of a fair coin's
    expect(sums.reduce((total, sum) => total + sum * sum, 0) / sums.length / size).toBeGreaterThan(0.3); // and not balanced by making
  });
});

describe("adding signs", () => {
  test("+1, -2, +1 times a power of two gives the values back, bit for bit, where no sum is rounded (systems-detail.md §8.6)", () => {
    const values = Float32Array.from({ length: 333 }, (_, i) => (i * 37 - 5000) / 1024);
    const changed = values.slice();
    const range = { seed: 9, offset: 70 };
    addSigns(changed, 2 ** -9, range);
    expect(changed).toEqual(values.map((value, i) => value + signAt(9, 70 + i) / 512));
    addSigns(changed, -(2 ** -8), range);
    addSigns(changed, 2 ** -9, range);
    expect(changed).toEqual(values);
  });

  test("rounds the amount and then each sum to f32", () => {
    const values = Float32Array.of(1, 1e-3, 123.456, -7);
    const expected = values.map((value, i) => Math.fround(value + Math.fround(0.1) * signAt(5, i)));
    addSigns(values, 0.1, { seed: 5, offset: 0 });
    expect(values).toEqual(expected);
  });
});

describe("the numbers of tensors' values", () => {
  test("follow the names' order, whatever the order they are handed in", () => {
    const shapes = { "prefix/10": [2, 3], "head/bias": [5], "prefix/2": [4], scalar: [] };
    expect(perturbedOffsets(shapes)).toEqual({ "head/bias": 0, "prefix/10": 5, "prefix/2": 11, scalar: 15 });
    expect(perturbedOffsets(Object.fromEntries(Object.entries(shapes).reverse()))).toEqual(perturbedOffsets(shapes));
  });

  test("end where a word's counter would", () => {
    expect(() => perturbedOffsets({ a: [2 ** 37], b: [1] })).toThrow(/137438953473 values/);
  });
});
