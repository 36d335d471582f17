import { readFile } from "node:fs/promises";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { fileTask } from "./fileTask.ts";
import { parseParquet } from "./parquet.ts";

/** Six rows that pyarrow 25 wrote, of every kind that may name an owner or a label. */
const kinds = async () => new Uint8Array(await readFile(new URL("./testing/kinds.parquet", import.meta.url)));

/** What a column's values are as owners, in order. */
async function ownersBy(column: string): Promise<(string | undefined)[]> {
  const { rows } = await parseParquet(await kinds(), "kinds.parquet", { columns: ["text", "int32", column] });
  const part = { source: "kinds.parquet", rows };
  const { splits } = fileTask({ name: "own", text: "text", label: "int32", owner: column }, { train: part, test: part });
  return splits.train.map(({ owner }) => owner);
}

test.each([
  ["int64", ["1234567890123456780", "1234567890123456781", "1234567890123456782", "1234567890123456783"]],
  ["negative", ["-1234567890123456780", "-1234567890123456781"]],
  ["uint64Plain", ["9223372036854775808", "9223372036854775809"]],
  ["decimal", ["123456789012345678901234.5", "123456789012345678901235.5"]],
  ["money", ["1.1", "2.1", "3.1"]],
  ["date", ["2026-01-31", "2026-02-01"]],
  ["micros", ["2026-01-31T12:30:00.000250", "2026-01-31T12:30:00.000251"]],
  ["nanos", ["2026-01-31T12:30:00.000000001", "2026-01-31T12:30:00.000000002"]],
  ["before", ["1969-12-31T23:59:59.999", "1969-12-31T23:59:59.998"]],
  ["binary", ["größe 0", "größe 1"]],
  ["int32", ["0", "1", "0", "1"]],
])("owners in a column of %s are named by all their digits", async (column, expected) => {
  expect((await ownersBy(column)).slice(0, expected.length)).toEqual(expected);
});

test("an owner that is missing is a faulty row; unsigned numbers stay unsigned beside it", async () => {
  await expect(ownersBy("uint64")).rejects.toThrow('kinds.parquet line 6: field "uint64" must be text, found');
  const { rows } = await parseParquet(await kinds(), "kinds.parquet", { columns: ["uint64"] });
  expect(rows.map(({ fields }) => String(fields.uint64)).slice(0, 2)).toEqual(["18446744073709551615", "18446744073709551614"]);
});

test("labels above 2^53 are classes of their own, in their order", async () => {
  const { rows } = await parseParquet(await kinds(), "kinds.parquet", { columns: ["text", "negative"] });
  const part = { source: "kinds.parquet", rows };
  const { task, splits } = fileTask({ name: "own", text: "text", label: "negative" }, { train: part, test: part });
  expect(task.classes).toEqual(["-1234567890123456783", "-1234567890123456782", "-1234567890123456781", "-1234567890123456780"]);
  expect(splits.train.map(({ label }) => label)).toEqual([3, 2, 1, 0, 3, 2]);
});

test("bytes may be part of a larger buffer", async () => {
  const found = await kinds();
  const pooled = Buffer.concat([Buffer.alloc(8), found, Buffer.alloc(8)]).subarray(8, 8 + found.length);
  expect((await parseParquet(pooled, "kinds.parquet", { columns: ["int32"] })).rows).toHaveLength(6);
  await expect(parseParquet(pooled.subarray(0, 0), "own.parquet")).rejects.toThrow("does not begin with PAR1 (0 bytes)");
});

test("a text that begins like UTF-16 is refused, too: Parquet has UTF-8 alone", async () => {
  const text = Uint8Array.of(0xff, 0xfe, 0x61, 0);
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "text", data: [text], type: "BYTE_ARRAY" }] }));
  await expect(parseParquet(bytes, "own.parquet")).rejects.toThrow("own.parquet is not UTF-8 text");
});

test("text that is not UTF-8 is refused, not replaced; columns that are not needed do not matter", async () => {
  const columns = ["text", "int32"];
  expect((await parseParquet(await kinds(), "kinds.parquet", { columns })).rows).toHaveLength(6);
  await expect(parseParquet(await kinds(), "kinds.parquet", { columns: [...columns, "broken"] })).rejects.toThrow(
    "kinds.parquet is not UTF-8 text: save it as UTF-8",
  );
});

test("texts are limited by what they come to, however small the file is", async () => {
  const text = { name: "text", type: "STRING" as const, data: Array.from({ length: 40 }, () => "a".repeat(1000)) };
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [text] }));
  expect(bytes.length).toBeLessThan(4000);
  const limits = { maxRows: 100, maxCharacters: 39_999 };
  await expect(parseParquet(bytes, "small.parquet", { limits })).rejects.toThrow(
    "small.parquet has 40,000 characters; at most 39,999 are read",
  );
  expect((await parseParquet(bytes, "small.parquet", { limits: { ...limits, maxCharacters: 40_000 } })).rows).toHaveLength(40);
  const varied = { ...text, data: text.data.map((line, i) => `${line}${i}`) };
  const plain = new Uint8Array(parquetWriteBuffer({ columnData: [varied], codec: "UNCOMPRESSED" }));
  await expect(parseParquet(plain, "plain.parquet", { limits: { ...limits, maxCharacters: 9000 } })).rejects.toThrow(
    /plain\.parquet has 1\d,\d{3} characters; at most 9,000 are read/,
  );
});
