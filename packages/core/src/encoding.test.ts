import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeTensor, encodedSize, encodeTensor, fromF16, roundTrip, toF16 } from "./encoding.ts";
import { createTensor } from "./params.ts";
import { createRandom } from "./random.ts";
import type { Encoding } from "./settings/fields.ts";

const encodings: Encoding[] = ["f32", "f16", "int8"];
const row = (...values: number[]) => createTensor([values.length], Float32Array.from(values));
const throughF16 = (value: number) => fromF16(toF16(value));

test.each([
  ["one", 1, 0x3c00],
  ["minus two", -2, 0xc000],
  ["a third", 1 / 3, 0x3555],
  ["the largest", 65504, 0x7bff],
  ["just below the tie to infinity", 65519.996, 0x7bff],
  ["the smallest normal", 2 ** -14, 0x0400],
  ["the largest subnormal", 1023 * 2 ** -24, 0x03ff],
  ["the smallest subnormal", 2 ** -24, 0x0001],
  ["half the smallest, a tie to even zero", 2 ** -25, 0x0000],
  ["just above half the smallest", 2 ** -25 * 1.001, 0x0001],
  ["one and a half of the smallest, a tie to even two", 3 * 2 ** -25, 0x0002],
  ["a subnormal that rounds up to a normal", 1023.5 * 2 ** -24, 0x0400],
  ["a tie to the even neighbour below", 1 + 2 ** -11, 0x3c00],
  ["a tie to the even neighbour above", 1 + 3 * 2 ** -11, 0x3c02],
  ["just above a tie", 1 + 2 ** -11 + 2 ** -20, 0x3c01],
  ["a carry into the exponent", 2 - 2 ** -12, 0x4000],
  ["minus zero", -0, 0x8000],
  ["too much", 65520, 0x7c00],
  ["infinity", Number.NEGATIVE_INFINITY, 0xfc00],
])("f16 of %s", (_, value, bits) => {
  expect(toF16(value).toString(16)).toBe(bits.toString(16));
});

test("every finite half-precision float comes back as itself, and NaN stays NaN", () => {
  for (let bits = 0; bits < 65536; bits++) {
    if ((bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0) continue;
    if (toF16(fromF16(bits)) !== bits) expect.fail(`bits ${bits.toString(16)} came back as ${toF16(fromF16(bits)).toString(16)}`);
  }
  expect(fromF16(toF16(Number.NaN))).toBeNaN();
});

test("f16 gives the nearest of all half-precision floats", () => {
  const all = Array.from({ length: 0x7c00 }, (_, bits) => fromF16(bits));
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: 0, max: 65504 }), (value) => {
      const index = all.findIndex((half) => half >= value);
      const nearest = Math.min(all[index] - value, value - (all[index - 1] ?? Number.NEGATIVE_INFINITY));
      expect(Math.abs(throughF16(value) - value)).toBe(nearest);
      expect(throughF16(-value)).toBe(-throughF16(value));
    }),
    { numRuns: 100 },
  );
});

test.each(encodings)("%s: what was decoded encodes to the same bytes again", (encoding) => {
  const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -60000, max: 60000 }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(values, (list) => {
      const once = roundTrip({ w: createTensor([3, 4], Float32Array.from(list)) }, encoding);
      expect(encodeTensor(roundTrip(once, encoding).w, encoding)).toEqual(encodeTensor(once.w, encoding));
      expect(roundTrip(once, encoding)).toEqual(once);
    }),
    { numRuns: 200 },
  );
});

test("int8: a row's scale comes back from what was decoded, whatever its bits", () => {
  const random = createRandom(13).stream({ purpose: "test" });
  for (let i = 0; i < 20000; i++) {
    const bytes = encodeTensor(row((1 + random.uniform()) * 2 ** (random.integer(40) - 20), 0), "int8");
    if (Buffer.compare(encodeTensor(decodeTensor(bytes, [2], "int8"), "int8"), bytes) !== 0) expect.fail(`draw ${i} changed`);
  }
});

test("int8 is the scales of all rows, then the values, and errs by at most half a step", () => {
  const tensor = createTensor([2, 3], Float32Array.of(127, -63, 0, 0.5, 1, -0.25));
  const bytes = encodeTensor(tensor, "int8");
  expect(bytes).toHaveLength(encodedSize([2, 3], "int8"));
  expect(bytes).toHaveLength(2 * 4 + 6);
  const view = new DataView(bytes.buffer);
  expect(view.getFloat32(0, true)).toBe(1);
  expect(view.getFloat32(4, true) * 127).toBeCloseTo(1, 4);
  expect([...new Int8Array(bytes.buffer, 8)]).toEqual([127, -63, 0, 64, 127, -32]);
  const { data } = decodeTensor(bytes, [2, 3], "int8");
  for (const [i, value] of tensor.data.entries())
    expect(Math.abs(data[i] - value)).toBeLessThanOrEqual(0.501 * view.getFloat32(i < 3 ? 0 : 4, true));
});

test("int8 rows that are zero or tinier than any scale decode to zero", () => {
  expect([...decodeTensor(encodeTensor(createTensor([2, 2], Float32Array.of(0, 0, 1e-40, -1e-41)), "int8"), [2, 2], "int8").data]).toEqual([
    0, 0, 0, 0,
  ]);
});

test.each(encodings)("%s: bytes may start at any address", (encoding) => {
  const tensor = createTensor([2, 3], Float32Array.of(0.5, -1.25, 3, 100, 0.125, -7));
  const bytes = encodeTensor(tensor, encoding);
  for (const offset of [1, 2, 3]) {
    const large = new Uint8Array(bytes.length + 8);
    large.set(bytes, offset);
    expect(decodeTensor(large.subarray(offset, offset + bytes.length), [2, 3], encoding)).toEqual(decodeTensor(bytes, [2, 3], encoding));
  }
  const pooled = Buffer.concat([Buffer.from([9]), bytes]);
  expect(decodeTensor(pooled.subarray(1), [2, 3], encoding)).toEqual(decodeTensor(bytes, [2, 3], encoding));
});

test("a tensor that is a view into a larger array is encoded from its own start", () => {
  const data = Float32Array.of(9, 8, 1.5, 2.5).subarray(2);
  for (const encoding of ["f32", "f16"] as const) {
    expect([...decodeTensor(encodeTensor({ shape: [2], data }, encoding), [2], encoding).data]).toEqual([1.5, 2.5]);
  }
});

test("f32 and f16 bytes are little-endian", () => {
  expect([...encodeTensor(row(1, -2), "f16")]).toEqual([0x00, 0x3c, 0x00, 0xc0]);
  expect([...encodeTensor(row(1), "f32")]).toEqual([0, 0, 0x80, 0x3f]);
});

test("values that cannot travel are refused by tensor, value and place", () => {
  expect(() => roundTrip({ "prefix/3": row(1, 70000) }, "f16")).toThrow("tensor prefix/3: value 70000 at 1 is too large for f16");
  for (const encoding of encodings) {
    expect(() => roundTrip({ "prefix/4": row(1, 2, Number.NaN) }, encoding)).toThrow("tensor prefix/4: value NaN at 2 is not finite");
    expect(() => roundTrip({ "prefix/5": row(Number.NEGATIVE_INFINITY) }, encoding)).toThrow("value -Infinity at 0 is not finite");
  }
});

test("a wrong number of bytes is refused", () => {
  expect(() => decodeTensor(new Uint8Array(7), [2, 2], "f16", "head/bias")).toThrow(
    "tensor head/bias: shape [2,2] in f16 needs 8 bytes, received 7",
  );
});

test("a scalar and an empty tensor have a size in every encoding", () => {
  for (const encoding of encodings) {
    expect(decodeTensor(encodeTensor(createTensor([], Float32Array.of(2)), encoding), [], encoding).data[0]).toBeCloseTo(2, 5);
    expect(encodeTensor(createTensor([0, 3], new Float32Array(0)), encoding)).toHaveLength(0);
  }
});
