import fc from "fast-check";
import { expect, test } from "vitest";
import { type Packing, packedSizes, packingFor, packRows, packTensor, sectionsOf, unpackRows, unpackTensor } from "./pack.ts";

const encodings = ["int4", "nf4"] as const;

/** Zeros, weights of usual sizes and large ones, in odd widths. Groups whose scale is among f16's smallest numbers have a test of their own. */
const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), width: fc.integer({ min: 1, max: 131 }), groupSize: fc.constantFrom(3, 5, 32, 64) })
  .chain(({ rows, width, groupSize }) => {
    const weight = fc.float({ min: -2, max: 2, noNaN: true }).map((value) => (Math.abs(value) < 1e-3 ? 0 : value));
    const value = fc.oneof(fc.constant(0), fc.float({ min: -900, max: 900, noNaN: true }).map(Math.round), weight);
    return fc.array(value, { minLength: rows * width, maxLength: rows * width }).map((values) => ({
      shape: [rows, width],
      values: Float32Array.from(values),
      groupSize,
    }));
  });

function groupsOf(values: Float32Array, width: number, groupSize: number): { start: number; end: number; largest: number }[] {
  const groups: { start: number; end: number; largest: number }[] = [];
  for (let start = 0; start < values.length; ) {
    const end = Math.min(start + groupSize, (Math.floor(start / width) + 1) * width);
    groups.push({ start, end, largest: Math.max(...values.subarray(start, end).map(Math.abs)) });
    start = end;
  }
  return groups;
}

// int4: half of 1/7. nf4: half of its widest gap, between -1 and -0.696. Both and 2^-11 for the rounded scale
test.each([
  ["int4", 0.5 / 7],
  ["nf4", (1 - 0.6961928) / 2],
] as const)("%s is off by at most half a step of its own group, whatever the others hold", (encoding, halfStep) => {
  fc.assert(
    fc.property(matrices, ({ shape, values, groupSize }) => {
      const back = unpackTensor(packTensor(shape, values, { encoding, groupSize }));
      for (const { start, end, largest } of groupsOf(values, shape[1], groupSize)) {
        for (let i = start; i < end; i++) expect(Math.abs(back[i] - values[i])).toBeLessThanOrEqual(largest * (halfStep + 2 ** -11));
      }
    }),
  );
});

test.each(encodings)("packing %s again changes no bit", (encoding) => {
  fc.assert(
    fc.property(matrices, ({ shape, values, groupSize }) => {
      const once = packTensor(shape, values, { encoding, groupSize });
      expect(packTensor(shape, unpackTensor(once), { encoding, groupSize }).bytes).toEqual(once.bytes);
    }),
  );
});

test.each(encodings)("%s keeps zeros and each group's largest magnitude", (encoding) => {
  fc.assert(
    fc.property(matrices, ({ shape, values, groupSize }) => {
      const packing = { encoding, groupSize };
      const back = unpackTensor(packTensor(shape, values, packing));
      for (const { start, end, largest } of groupsOf(values, shape[1], groupSize)) {
        for (let i = start; i < end; i++) {
          if (values[i] === 0) expect(back[i]).toBeCloseTo(0, 12);
          if (Math.abs(values[i]) === largest) expect(Math.abs(back[i] - values[i])).toBeLessThanOrEqual(largest * 2 ** -11);
        }
      }
    }),
  );
});

test.each(encodings)("%s in blocks of rows gives the bytes of the whole, and rows come back in any order", (encoding) => {
  fc.assert(
    fc.property(matrices, fc.nat(), ({ shape, values, groupSize }, seed) => {
      const [rows, width] = shape;
      const packing: Packing = { encoding, groupSize };
      const packed = packTensor(shape, values, packing);
      const whole = sectionsOf(packed);
      const cut = seed % (rows + 1);
      const blocks = [values.subarray(0, cut * width), values.subarray(cut * width)].map((block) => packRows(block, width, packing));
      expect([...blocks.flatMap((block) => [...block.values])]).toEqual([...whole.values]);
      expect([...blocks.flatMap((block) => [...block.scales])]).toEqual([...whole.scales]);
      const all = unpackTensor(packed);
      const indices = [rows - 1, 0, rows - 1];
      expect([...unpackRows(packed, indices)]).toEqual(indices.flatMap((row) => [...all.subarray(row * width, (row + 1) * width)]));
    }),
  );
});

test("int4 by hand: two groups in a row of five, the first value of a pair in the low half", () => {
  const packed = packTensor([1, 5], Float32Array.of(-14, 7, 1.1, 0.25, -1.75), { encoding: "int4", groupSize: 3 });
  expect([...packed.bytes.subarray(0, 3)]).toEqual([1 | (12 << 4), 9 | (9 << 4), 1]); // −7 and 4 (3.5), 1 (0.55) and 1, −7
  expect([...new Uint16Array(packed.bytes.buffer, 64, 2)]).toEqual([0x4000, 0x3400]); // 2 and 0.25
  expect([...unpackTensor(packed)]).toEqual([-14, 8, 2, 0.25, -1.75]);
});

test("nf4 by hand: levels that are not evenly spaced, and the border between two", () => {
  const packed = packTensor([2, 3], Float32Array.of(-3, 0, 1.2, 0.0397, 0.0399, 1), packingFor("nf4"));
  expect([...packed.bytes.subarray(0, 4)]).toEqual([0 | (7 << 4), 12, 7 | (8 << 4), 15]); // 0.4 lies nearest to 0.4407
  expect([...new Uint16Array(packed.bytes.buffer, 64, 2)]).toEqual([0x4200, 0x3c00]);
  expect(unpackTensor(packed)[2]).toBeCloseTo(3 * 0.44070982933044434, 6);
});

// ‖error‖ / ‖x‖ of 65,536 normal values, int8's is √(E max²)/127/√12 with 64 values a group, 0.0059
test.each([
  ["int8", 0.0057, 0.0061],
  ["int4", 0.09, 0.1],
  ["nf4", 0.09, 0.1],
] as const)("%s loses what its levels lose on normally distributed weights", (encoding, least, most) => {
  let seed = 12345;
  const uniform = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed + 0.5) / 2 ** 32;
  };
  const values = Float32Array.from(
    { length: 65_536 },
    () => 0.02 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  const back = unpackTensor(packTensor([256, 256], values, packingFor(encoding)));
  const error = Math.hypot(...values.map((value, i) => back[i] - value)) / Math.hypot(...values);
  expect(error).toBeGreaterThan(least);
  expect(error).toBeLessThan(most);
});

test("four bits take a half byte a value and two bytes a group", () => {
  expect(packedSizes([130, 101], packingFor("int4"))).toEqual({ valueBytes: 6630, scaleOffset: 6656, numBytes: 6656 + 130 * 4 * 2 });
  expect(packedSizes([130, 101], packingFor("nf4"))).toEqual({ valueBytes: 6630, scaleOffset: 6656, numBytes: 6656 + 130 * 2 * 2 });
});

test("a group too small for an f16 scale is off by at most that scale's own step, and one too large is refused", () => {
  const tiny = Float32Array.of(3e-7, -1e-7, 2e-8, 1e-9);
  for (const encoding of encodings) {
    const back = unpackTensor(packTensor([4], tiny, packingFor(encoding)));
    for (const [i, value] of tiny.entries()) expect(Math.abs(back[i] - value)).toBeLessThanOrEqual(7 * 2 ** -24);
    expect(() => packTensor([2], Float32Array.of(1, 5e5), packingFor(encoding))).toThrow("does not fit in f16");
  }
});
