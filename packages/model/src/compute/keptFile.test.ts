import { expect, test } from "vitest";
import { readKept, writeKept } from "./keptFile.ts";

const position = (tokens: number[], values: number[], rest: number) => ({
  tokens: Int32Array.from(tokens),
  values: Float32Array.from(values),
  rest,
});
const kept = { texts: [[position([2, 7], [0.5, -1.25], 0.25), position([1], [3], -0.5)], [], [position([], [], 1.5)]], topKError: 0.0123 };

test("what is written reads back", async () => {
  expect(await readKept(await writeKept(kept))).toEqual(kept);
});

test("a file that is cut off, changed or of another kind is not read", async () => {
  const bytes = await writeKept(kept);
  const changed = bytes.slice();
  changed[changed.length - 3] ^= 1;
  for (const bad of [bytes.slice(0, -4), bytes.slice(0, 20), changed, new Uint8Array(60)]) expect(await readKept(bad)).toBeNull();
});
