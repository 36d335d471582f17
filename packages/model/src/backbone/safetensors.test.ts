import type { Params } from "@tutti/core";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const params: Params = {
  "prefix/10": { shape: [2, 1, 3], data: Float32Array.of(1.5, -2, 3, 4, 5, 6) },
  "head/bias": { shape: [2], data: Float32Array.of(1e-40, 3e38) },
};

function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

test("what is written is read back, with shapes and metadata, from any address", () => {
  const file = writeSafetensors(params, { run: "r1" });
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  for (const bytes of [file, shifted.subarray(3)]) {
    const back = readSafetensors(bytes);
    expect(back.params).toEqual(params);
    expect(back.metadata).toEqual({ run: "r1" });
  }
  const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(headerBytes % 8).toBe(0);
});

test("half precision and bfloat16 become f32", () => {
  const header = { h: { dtype: "F16", shape: [3], data_offsets: [0, 6] }, b: { dtype: "BF16", shape: [1, 2], data_offsets: [6, 10] } };
  const words = Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x3fc0, 0xc2f7);
  const read = readSafetensors(fileOf(header, new Uint8Array(words.buffer))).params;
  expect([...(read.h?.data ?? [])]).toEqual([1, -2.5, 2 ** -24]);
  expect(read.b).toEqual({ shape: [1, 2], data: Float32Array.of(1.5, -123.5) });
});

const entry = (offsets: [number, number], shape = [2]) => ({ dtype: "F32", shape, data_offsets: offsets });
const data = new Uint8Array(16);

test.each([
  ["a file cut within its length", new Uint8Array(5), "the file has 5 bytes, its length field alone needs 8"],
  ["a file cut within its header", writeSafetensors(params).subarray(0, 40), "truncated?"],
  ["a file cut within its data", writeSafetensors(params).subarray(0, -1), "tensor prefix/10 ends at byte 32 of 31 (truncated file?)"],
  ["a length that no header has", Uint8Array.from([80, 75, 3, 4, 20, 0, 8, 8, 1, 2]), "is impossible (not a safetensors file?)"],
  ["a header that is not JSON", fileOf("{oops", data), "the header is not JSON"],
  ["overlapping tensors", fileOf({ a: entry([0, 8]), b: entry([4, 12]) }, data), "tensors a and b overlap"],
  [
    "offsets that do not fit the shape",
    fileOf({ a: entry([0, 8], [3]) }, data),
    "tensor a of shape [3] and type F32 needs 12 bytes, its offsets span 8",
  ],
  ["an unknown type", fileOf({ a: { ...entry([0, 8]), dtype: "F7" } }, data), "tensor a has the unknown type F7"],
  ["a name of an inherited property as type", fileOf({ a: { ...entry([0, 8]), dtype: "toString" } }, data), "unknown type toString"],
  [
    "integers where floats are read",
    fileOf({ a: { ...entry([0, 8]), dtype: "I32" } }, data),
    "tensor a has type I32; F32, F16 and BF16 are read",
  ],
  ["an entry without offsets", fileOf({ a: { dtype: "F32", shape: [2] } }, data), "tensor a: "],
  ["a negative offset", fileOf({ a: entry([-8, 0]) }, data), "tensor a: "],
  ["NaN", fileOf({ a: entry([0, 8]) }, new Uint8Array(Float32Array.of(1, Number.NaN).buffer)), "tensor a holds NaN at element 1"],
  ["infinity", fileOf({ a: entry([0, 8]) }, new Uint8Array(Float32Array.of(-Infinity, 1).buffer)), "tensor a holds -Infinity at element 0"],
])("%s is refused with a sentence", (_, file, message) => {
  expect(() => readSafetensors(file)).toThrow(message);
});
