import { expect, test } from "vitest";
import { inParts, pack, unpack } from "./packing.ts";

test("what is packed is unpacked as it was, and what was one object stays one", () => {
  const shared = { shape: [2], data: new Float32Array([0.5, -3]) };
  const order = {
    state: { values: { round: 3, nothing: null, list: ["a", { b: true }] }, tensors: { "W/x": shared } },
    payloads: [{ x: shared }],
  };
  const packed = pack(order);
  expect(packed.arrays).toEqual([shared.data]);
  expect(JSON.stringify(packed.skeleton)).not.toContain("0.5");
  const again = unpack(structuredClone(packed)) as typeof order;
  expect(again).toEqual(order);
  expect(again.payloads[0]?.x).toBe(again.state.tensors["W/x"]);
});

test("arrays go in parts of two megabytes, in order, and a view goes without the rest of its buffer", () => {
  const large = new Float32Array(499_999);
  const view = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  const parts = [...inParts([large, new Float32Array(3), large, view])];
  expect(parts.map((part) => part.map(({ length }) => length))).toEqual([
    [499_999, 3],
    [499_999, 2],
  ]);
  const last = parts[1]?.[1];
  expect(last).toEqual(new Float32Array([2, 3]));
  expect(last?.buffer.byteLength).toBe(8);
  expect([...inParts([])]).toEqual([]);
});
