import fc from "fast-check";
import { expect, test } from "vitest";
import { type Packing, packedSizes, packRows, packTensor, sectionsOf, unpackRows, unpackTensor } from "./pack.ts";

const int8 = (groupSize: number): Packing => ({ encoding: "int8", groupSize });
const f16: Packing = { encoding: "f16", groupSize: 0 };
const f32: Packing = { encoding: "f32", groupSize: 0 };

const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 7 }), width: fc.integer({ min: 1, max: 130 }), groupSize: fc.constantFrom(1, 5, 32, 64, 128) })
  .chain(({ rows, width, groupSize }) => {
    const value = fc.oneof(fc.constant(0), fc.float({ min: -900, max: 900, noNaN: true }), fc.float({ min: -2, max: 2, noNaN: true }));
    return fc.array(value, { minLength: rows * width, maxLength: rows * width }).map((values) => ({
      shape: [rows, width],
      values: Float32Array.from(values),
      groupSize,
    }));
  });

test("f32 comes back bit for bit", () => {
  fc.assert(
    fc.property(matrices, ({ shape, values }) => {
      expect(unpackTensor(packTensor(shape, values, f32))).toEqual(values);
    }),
  );
});

test("f16 is off by at most half a unit of its 11 bits", () => {
  fc.assert(
    fc.property(matrices, ({ shape, values }) => {
      const back = unpackTensor(packTensor(shape, values, f16));
      for (const [i, value] of values.entries())
        expect(Math.abs(back[i] - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
    }),
  );
});

test("int8 is off by at most half a step of its own group, whatever the others hold", () => {
  fc.assert(
    fc.property(matrices, ({ shape, values, groupSize }) => {
      const back = unpackTensor(packTensor(shape, values, int8(groupSize)));
      const width = shape[1];
      for (let start = 0; start < values.length; ) {
        const end = Math.min(start + groupSize, (Math.floor(start / width) + 1) * width);
        const group = values.subarray(start, end);
        const step = Math.max(...group.map(Math.abs)) / 127;
        for (let i = start; i < end; i++) expect(Math.abs(back[i] - values[i])).toBeLessThanOrEqual(step * 0.50001 + 1e-42);
        start = end;
      }
    }),
  );
});

test("packing what was unpacked changes nothing", () => {
  fc.assert(
    fc.property(matrices, fc.constantFrom("f32", "f16", "int8"), ({ shape, values, groupSize }, encoding) => {
      const packing: Packing = { encoding, groupSize: encoding === "int8" ? groupSize : 0 };
      const once = unpackTensor(packTensor(shape, values, packing));
      const twice = unpackTensor(packTensor(shape, once, packing));
      for (const [i, value] of once.entries()) expect(twice[i]).toBeCloseTo(value, 6 - Math.ceil(Math.log10(Math.abs(value) + 1)));
    }),
  );
});

test("blocks of rows give the same bytes as the whole, and rows come back in any order", () => {
  fc.assert(
    fc.property(matrices, fc.nat(), ({ shape, values, groupSize }, seed) => {
      const [rows, width] = shape;
      const packing = int8(groupSize);
      const whole = sectionsOf(packTensor(shape, values, packing));
      const cut = seed % (rows + 1);
      const blocks = [values.subarray(0, cut * width), values.subarray(cut * width)].map((block) => packRows(block, width, packing));
      expect([...blocks.flatMap((block) => [...block.values])]).toEqual([...whole.values]);
      expect([...blocks.flatMap((block) => [...block.scales])]).toEqual([...whole.scales]);
      const packed = packTensor(shape, values, packing);
      const all = unpackTensor(packed);
      const indices = [rows - 1, 0, rows - 1];
      const expected = indices.flatMap((row) => [...all.subarray(row * width, (row + 1) * width)]);
      expect([...unpackRows(packed, indices)]).toEqual(expected);
    }),
  );
});

test("int8 by hand: two groups, scales after the values on the next multiple of 64", () => {
  const packed = packTensor([1, 3], Float32Array.of(-12.7, 6.35, 0.5), int8(2));
  expect(packed.bytes).toHaveLength(64 + 8);
  expect([...new Int8Array(packed.bytes.buffer, 0, 3)]).toEqual([-127, 63, 127]); // 6.35 / 0.1 is just under 63.5 in f32
  expect([...new Float32Array(packed.bytes.buffer, 64, 2)]).toEqual([Math.fround(12.7 / 127), Math.fround(0.5 / 127)]);
});

test("sizes follow from the shape, a vector being one row", () => {
  expect(packedSizes([130, 100], int8(64))).toEqual({ valueBytes: 13000, scaleOffset: 13056, numBytes: 13056 + 130 * 2 * 4 });
  expect(packedSizes([100], int8(100))).toEqual({ valueBytes: 100, scaleOffset: 128, numBytes: 132 });
  expect(packedSizes([3, 5, 7], f16)).toEqual({ valueBytes: 210, scaleOffset: 210, numBytes: 210 });
});

test("what does not fit is refused with the numbers", () => {
  expect(() => packTensor([2], Float32Array.of(1, 65520), f16)).toThrow("65520 does not fit in f16");
  expect(() => packTensor([2, 3], new Float32Array(5), f32)).toThrow("shape [2,3] needs 6 floats, received 5");
  const short = { ...packTensor([2, 3], new Float32Array(6), f32), bytes: new Uint8Array(23) };
  expect(() => unpackTensor(short)).toThrow("f32 tensor of shape [2,3] needs 24 bytes, received 23");
});
