import { type Encoding, type Params, roundTrip, type Tensor } from "@tutti/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CodecError, decodeParams, encodedParamsSize, encodeParams, readTensorEntries } from "./codec.ts";

const encodings: readonly Encoding[] = ["f32", "f16", "int8"];

function tensor(shape: readonly number[], values: readonly number[]): Tensor {
  return { shape, data: Float32Array.from(values) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const nameArbitrary = fc.constantFrom(
  "head/bias",
  "head/weight",
  "prefix/0",
  "prefix/1",
  "prefix/2",
  "prefix/10",
  "constructor",
  "toString",
  "m:prefix/3",
);
const tensorArbitrary = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  const value = fc.float({ min: -60000, max: 60000, noNaN: true });
  return fc.array(value, { minLength: length, maxLength: length }).map((values) => tensor(shape, values));
});
const paramsArbitrary: fc.Arbitrary<Params> = fc.dictionary(nameArbitrary, tensorArbitrary, { maxKeys: 5, noNullPrototype: true });

test("P-50 the layout is the documented one, byte for byte", () => {
  const params = { "prefix/3": tensor([2, 3], [1, -2, 0.5, 3, 127, -254]), b: tensor([], [7]) };
  const header = "5450524d" + "0100" + "0000" + "02000000";
  const describe = (encoding: string) => `${encoding}00010062000000${encoding}02080002000000030000007072656669782f33`;
  expect(hex(encodeParams(params, "f32"))).toBe(`${header}${describe("00")}0000e0400000803f000000c00000003f000040400000fe4200007ec3`);
  expect(hex(encodeParams(params, "f16"))).toBe(`${header}${describe("01")}00470000003c00c000380042f057f0db`);
  // scale 2 in the second row: 3 / 2 rounds to 2
  expect(hex(encodeParams({ "prefix/3": tensor([2, 3], [127, -2, 0, 3, 127, -254]) }, "int8"))).toBe(
    "5450524d01000000010000000202080002000000030000007072656669782f33" + "0000803f00000040" + "7ffe0002" + "4081" + "0000",
  );
});

test("P-50 what is decoded is what core's round trip gives, in every encoding and at every alignment", () => {
  fc.assert(
    fc.property(paramsArbitrary, fc.constantFrom(...encodings), fc.integer({ min: 0, max: 9 }), (params, encoding, offset) => {
      const bytes = encodeParams(params, encoding);
      const shifted = new Uint8Array(bytes.length + offset + 3).fill(255);
      shifted.set(bytes, offset);
      const decoded = decodeParams(shifted.subarray(offset, offset + bytes.length));
      expect(decoded).toEqual(roundTrip(params, encoding));
      expect(decodeParams(Buffer.from(shifted.buffer, offset, bytes.length))).toEqual(decoded);
      expect(decodeParams(bytes.buffer)).toEqual(decoded);
      expect(encodeParams(decoded, encoding)).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

test("the size is known before anything is encoded", () => {
  fc.assert(
    fc.property(paramsArbitrary, fc.constantFrom(...encodings), (params, encoding) => {
      const shapes = Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape]));
      expect(encodedParamsSize(shapes, encoding)).toBe(encodeParams(params, encoding).length);
    }),
  );
});

test("P-50 the order in which tensors are handed in does not matter", () => {
  const a = tensor([3], [1, 2, 3]);
  const b = tensor([2], [4, 5]);
  expect(encodeParams({ "prefix/2": b, "prefix/10": a }, "f16")).toEqual(encodeParams({ "prefix/10": a, "prefix/2": b }, "f16"));
  expect(readTensorEntries(encodeParams({ "prefix/2": b, "prefix/10": a }, "f16")).map((entry) => entry.name)).toEqual([
    "prefix/10",
    "prefix/2",
  ]);
});

test("what is decoded does not share memory with what was received", () => {
  const bytes = encodeParams({ "prefix/0": tensor([2], [3, 4]) }, "f32");
  const decoded = decodeParams(bytes);
  bytes.fill(0);
  expect(decoded).toEqual({ "prefix/0": tensor([2], [3, 4]) });
});

test("P-50 a message cut short says what is missing", () => {
  const bytes = encodeParams({ "prefix/3": tensor([20, 1024], new Array(20480).fill(0.25)) }, "f32");
  expect(() => decodeParams(bytes.subarray(0, bytes.length - 4 * 15360))).toThrow(
    new CodecError("P-50", "tensor prefix/3: shape [20,1024] needs 20480 floats, received 5120"),
  );
});

test("P-50 a message is refused at every length but its own", () => {
  const bytes = encodeParams({ "head/bias": tensor([3], [1, 2, 3]), "prefix/0": tensor([2, 5], new Array(10).fill(2)) }, "int8");
  for (let length = 0; length < bytes.length; length++) expect(() => decodeParams(bytes.subarray(0, length))).toThrow(CodecError);
  expect(() => decodeParams(Buffer.concat([bytes, Buffer.alloc(4)]))).toThrow("4 bytes follow the last tensor");
});

test("P-50 repeated and unsorted names are refused", () => {
  const bytes = encodeParams({ a: tensor([2], [1, 2]), b: tensor([2], [3, 4]) }, "f32");
  const nameAt = 12 + 8;
  const repeated = bytes.slice();
  repeated[nameAt] = "b".charCodeAt(0);
  expect(() => decodeParams(repeated)).toThrow("tensor b: comes after b");
  const unsorted = bytes.slice();
  unsorted[nameAt] = "c".charCodeAt(0);
  expect(() => decodeParams(unsorted)).toThrow("tensor b: comes after c");
});

test("P-50 a name that would reach an object's prototype is refused both ways", () => {
  const params = Object.fromEntries([["__proto__", tensor([1], [3])]]);
  expect(() => encodeParams(params, "f32")).toThrow(CodecError);
  const bytes = encodeParams({ AAproto00: tensor([1], [3]) }, "f32");
  bytes.set(Buffer.from("__proto__"), 12 + 8);
  expect(() => decodeParams(bytes)).toThrow('tensor "__proto__": is not an allowed name');
});

test("P-50 padding that is not 0 is refused, after a name and after data, so that one content has one hash", () => {
  const bytes = encodeParams({ b: tensor([3], [1, 2, 3]) }, "f16");
  for (const at of [12 + 8 + 1, 12 + 8 + 3, bytes.length - 2, bytes.length - 1]) {
    const spoiled = bytes.slice();
    spoiled[at] = 1;
    expect(() => decodeParams(spoiled)).toThrow(`tensor b: padding at byte ${at} is not 0`);
  }
});

test("P-50 an axis of size 0 is refused both ways", () => {
  expect(() => encodeParams({ b: tensor([0, 3], []) }, "f32")).toThrow("tensor b: shape [0,3] is not allowed");
  const empty = encodeParams({ b: tensor([3], [1, 2, 3]) }, "f32").slice(0, 24);
  new DataView(empty.buffer).setUint32(16, 0, true);
  expect(() => decodeParams(empty)).toThrow("tensor b: shape [0] is not allowed");
});

test("P-53 values that are not finite are refused by the sender and by the receiver", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const encoding of encodings) {
      expect(() => encodeParams({ "prefix/1": tensor([3], [1, value, 2]) }, encoding)).toThrow(CodecError);
    }
    const bytes = encodeParams({ "prefix/1": tensor([3], [1, 5, 2]) }, "f32");
    new DataView(bytes.buffer).setFloat32(bytes.length - 8, value, true);
    expect(() => decodeParams(bytes)).toThrow(`tensor prefix/1: value ${value} at 1 is not finite`);
  }
  const half = encodeParams({ "prefix/1": tensor([2], [1, 5]) }, "f16");
  half.set([0x00, 0x7c], half.length - 2);
  expect(() => decodeParams(half)).toThrow("value Infinity at 1 is not finite");
  const rows = encodeParams({ "prefix/1": tensor([4], [1, 5, 2, 3]) }, "int8");
  new DataView(rows.buffer).setFloat32(rows.length - 8, Number.NaN, true);
  expect(() => decodeParams(rows)).toThrow("value NaN at 0 is not finite");
});

test("P-55 more than the declared maximum is refused before it is allocated", () => {
  const bytes = encodeParams({ a: tensor([2, 3], [1, 2, 3, 4, 5, 6]), b: tensor([5], [1, 2, 3, 4, 5]) }, "f32");
  expect(() => decodeParams(bytes, { maxTensors: 2, maxFloats: 10 })).toThrow("tensor b: 11 floats so far, at most 10 are allowed");
  expect(() => decodeParams(bytes, { maxTensors: 1, maxFloats: 100 })).toThrow("2 of them, at most 1");
  expect(Object.keys(decodeParams(bytes, { maxTensors: 2, maxFloats: 11 }))).toEqual(["a", "b"]);
  const huge = encodeParams({ a: tensor([2, 3], [1, 2, 3, 4, 5, 6]) }, "f32");
  const view = new DataView(huge.buffer);
  for (const [height, width] of [
    [0xffffffff, 0xffffffff],
    [60_000_000, 60_000_000],
    [0, 7],
  ]) {
    view.setUint32(16, height ?? 0, true);
    view.setUint32(20, width ?? 0, true);
    expect(() => decodeParams(huge)).toThrow(CodecError);
  }
});

test("a sender with a tensor whose data does not fit its shape is told which", () => {
  expect(() => encodeParams({ "prefix/3": { shape: [2, 3], data: new Float32Array(5) } }, "f32")).toThrow(
    "tensor prefix/3: shape [2,3] needs 6 floats, received 5",
  );
  expect(() => encodeParams({ "prefix/3": tensor([1], [70000]) }, "f16")).toThrow(CodecError);
});

/** Decodes, and fails on any error that is not the codec's own. */
function decodeOrRefuse(bytes: Uint8Array): "decoded" | "refused" {
  try {
    decodeParams(bytes, { maxTensors: 8, maxFloats: 100_000 });
    return "decoded";
  } catch (error) {
    if (error instanceof CodecError) return "refused";
    throw error;
  }
}

test("P-50 garbage, cut, flipped and spliced messages never cause any error but the codec's own", () => {
  let state = 20261120;
  const next = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const whole = encodings.map((encoding) =>
    encodeParams({ "head/bias": tensor([5], [1, 2, 3, 4, 5]), "prefix/0": tensor([2, 3, 4], new Array(24).fill(-0.75)) }, encoding),
  );
  const counts = { decoded: 0, refused: 0 };
  for (let i = 0; i < 2000; i++) {
    const bytes = (whole[next(3)] ?? new Uint8Array()).slice();
    const kind = next(4);
    if (kind === 0) for (let at = 0; at < bytes.length; at++) bytes[at] = next(256);
    const flips = kind === 0 ? 0 : 1 + next(3);
    for (let flip = 0; flip < flips; flip++) {
      const at = next(kind === 1 ? 48 : bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8));
    }
    counts[decodeOrRefuse(kind === 3 ? bytes.subarray(next(12), bytes.length - next(12)) : bytes)]++;
  }
  expect(counts.refused).toBeGreaterThan(500);
  expect(counts.decoded).toBeGreaterThan(100);
});
