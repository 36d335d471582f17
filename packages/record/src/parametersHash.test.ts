import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hashParameters } from "./parametersHash.ts";

const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const shared = { "prefix/1": tensor(0.5, -2) };

test("the hash is over the f32 of W and the local layers in the order of their names", () => {
  const local = new Map([
    [10, { "prefix/0": tensor(3) }],
    [2, { "prefix/0": tensor(7) }],
  ]);
  // device 2 before device 10, both before prefix/1
  const expected = createHash("sha256")
    .update(new Uint8Array(Float32Array.of(7, 3, 0.5, -2).buffer))
    .digest("hex");
  expect(hashParameters(shared, local)).toBe(expected);
});

test("one changed bit of one device changes the hash", () => {
  const hash = (value: number) => hashParameters(shared, new Map([[0, { "prefix/0": tensor(value) }]]));
  expect(hash(1)).not.toBe(hash(1 + 2 ** -23));
});
