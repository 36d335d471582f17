import { expect, test } from "vitest";
import { keptRows } from "./keptRows.ts";
import type { PackedBackbone } from "./packed.ts";

/** Row i of a table of four rows is i, 10 i, 100 i. */
function table() {
  const read: number[] = [];
  const rows: PackedBackbone["rows"] = (_, { 0: index }) => {
    if (index > 3) throw new RangeError(`row ${index} of a table with 4 rows`);
    read.push(index);
    return Float32Array.of(index, 10 * index, 100 * index);
  };
  return { read, backbone: { config: { hiddenSize: 3 } as PackedBackbone["config"], rows } };
}

test("rows are unpacked once while there is room for them, and each time beyond", () => {
  const { read, backbone } = table();
  const rowsOf = keptRows(backbone, "words", 2 * 3 * 4 + 5); // two rows
  expect([...rowsOf([2, 1, 2])]).toEqual([2, 20, 200, 1, 10, 100, 2, 20, 200]);
  expect([...rowsOf([3, 1, 3, 2])]).toEqual([3, 30, 300, 1, 10, 100, 3, 30, 300, 2, 20, 200]);
  expect(read).toEqual([2, 1, 3, 3]);
});

test("what is read is the caller's to change, and a row that is not there is refused each time", () => {
  const { backbone } = table();
  const rowsOf = keptRows(backbone, "words");
  rowsOf([1]).fill(7);
  expect([...rowsOf([1])]).toEqual([1, 10, 100]);
  for (let time = 0; time < 2; time++) expect(() => rowsOf([1, 4])).toThrow("row 4 of a table with 4 rows");
});
