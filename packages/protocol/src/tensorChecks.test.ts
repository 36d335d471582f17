import type { Tensor } from "@tutti/core";
import { expect, test } from "vitest";
import { encodeParams } from "./codec.ts";
import { checkTensors, decodeExpected } from "./tensorChecks.ts";

function tensor(shape: readonly number[], values: readonly number[]): Tensor {
  return { shape, data: Float32Array.from(values) };
}

const shapes = { "head/bias": [3], "prefix/1": [2, 1, 2] };
const good = { "head/bias": tensor([3], [0.1, -0.2, 0.3]), "prefix/1": tensor([2, 1, 2], [10_000, -10_000, 3, 4]) };

test("tensors that are as expected break no rule, values of exactly 1e4 included", () => {
  expect(checkTensors(good, shapes)).toEqual([]);
});

test("P-51 a missing and an unknown tensor are named", () => {
  const { "prefix/1": prefix, ...rest } = good;
  expect(checkTensors({ ...rest, "prefix/2": prefix }, shapes)).toEqual([
    { refused: "P-51", message: "tensor prefix/1: is missing" },
    { refused: "P-51", message: "tensor prefix/2: is not expected" },
  ]);
  expect(checkTensors({}, shapes)).toHaveLength(2);
  expect(checkTensors({ constructor: tensor([1], [2]) }, {})).toEqual([
    { refused: "P-51", message: "tensor constructor: is not expected" },
  ]);
});

test("P-52 a shape with the right number of values is still another shape", () => {
  expect(checkTensors({ ...good, "prefix/1": tensor([2, 2], [1, 2, 3, 4]) }, shapes)).toEqual([
    { refused: "P-52", message: "tensor prefix/1: shape [2,2], expected [2,1,2]" },
  ]);
});

test("P-53 values above the largest magnitude and values that are not finite are refused", () => {
  const withValue = (value: number) => ({ ...good, "head/bias": tensor([3], [0.1, value, 0.3]) });
  expect(checkTensors(withValue(-10_001), shapes)).toEqual([
    { refused: "P-53", message: "tensor head/bias: largest magnitude 10001, at most 10000 is allowed" },
  ]);
  expect(checkTensors(withValue(Number.NaN), shapes).map((refusal) => refusal.refused)).toEqual(["P-53"]);
  expect(checkTensors(withValue(Number.NEGATIVE_INFINITY), shapes).map((refusal) => refusal.refused)).toEqual(["P-53"]);
  expect(checkTensors(withValue(7), shapes, 6).map((refusal) => refusal.refused)).toEqual(["P-53", "P-53"]);
});

test("the bytes of an expected contribution are decoded", () => {
  expect(decodeExpected(encodeParams(good, "f32"), { shapes, encoding: "f32" })).toEqual({ params: good });
});

test("P-54 another encoding than the lease's is refused", () => {
  expect(decodeExpected(encodeParams(good, "f16"), { shapes, encoding: "f32" })).toEqual({
    refused: "P-54",
    message: "tensor head/bias: encoding f16, expected f32",
  });
});

test("every other fault of the bytes is a refusal too, under its own rule", () => {
  const refusedBy = (bytes: Uint8Array) => {
    const result = decodeExpected(bytes, { shapes, encoding: "f32" });
    return "refused" in result ? result.refused : "decoded";
  };
  expect(refusedBy(new Uint8Array(7))).toBe("P-50");
  expect(refusedBy(encodeParams({ ...good, more: tensor([1], [1]) }, "f32"))).toBe("P-51");
  expect(refusedBy(encodeParams({ ...good, "head/bias": tensor([4], [1, 2, 3, 4]) }, "f32"))).toBe("P-52");
  expect(refusedBy(encodeParams({ ...good, "head/bias": tensor([3], [1, 20_000, 3]) }, "f32"))).toBe("P-53");
  const notFinite = encodeParams(good, "f32");
  new DataView(notFinite.buffer).setFloat32(notFinite.length - 4, Number.NaN, true);
  expect(refusedBy(notFinite)).toBe("P-53");
});
