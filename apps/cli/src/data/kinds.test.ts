import { open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDataBench, type DataBench, kindsOfFiles } from "../testing/dataCommands.ts";

let bench: DataBench;
beforeEach(async () => {
  bench = await createDataBench();
});
afterEach(() => bench.remove());

const kind = (name: string) => join(kindsOfFiles, name);

test("a tab-separated file without quoting gives all its rows, and the assumption is said and kept on the card", async () => {
  const said = await bench.add(kind("quote-none.tsv"), "--name", "probe");
  expect(said).toContain("16 training rows, no validation part, 4 to test on");
  expect(said).toContain("quote-none.tsv is read without quoting rules");
  const rows = await bench.rows("probe");
  expect(rows).toHaveLength(20);
  expect(rows).toContainEqual({ text: '"Never again', label: "neg" });
  expect(await readFile(join(bench.datasets, "probe/dataset.json"), "utf8")).toContain("quote-none.tsv is read without quoting rules");
});

test.each(["excel-empty-columns.csv", "dup-unneeded.csv", "sep-line.csv"])("%s gives 16 and 4 rows", async (name) => {
  expect(await bench.add(kind(name), "--name", "probe")).toContain("16 training rows, no validation part, 4 to test on");
  expect((await bench.rows("probe")).map(({ text }) => text)).toContain("broken lamp number 2");
});

test("owners above 2^53 stay four, five rows each, in JSON Lines as in Parquet", async () => {
  const lines = (await readFile(kind("snowflake-owner.jsonl"), "utf8")).trim().split("\n");
  const owner = (line: string) => /(\d{19})/.exec(line)?.[1] ?? "";
  const table = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "text", type: "STRING", data: lines.map((line) => String(JSON.parse(line).text)) },
        { name: "label", type: "STRING", data: lines.map((line) => String(JSON.parse(line).label)) },
        { name: "user", type: "INT64", data: lines.map((line) => BigInt(owner(line))) },
      ],
    }),
  );
  for (const path of [kind("snowflake-owner.jsonl"), await bench.file("snowflake.parquet", table)]) {
    await bench.add(path, "--owner", "user", "--name", "probe");
    const rows = await bench.rows("probe");
    const counts = ["0", "1", "2", "3"].map((last) => rows.filter((row) => row.owner === `123456789012345678${last}`).length);
    expect(counts).toEqual([5, 5, 5, 5]);
    for (const line of lines)
      expect(rows).toContainEqual({ text: JSON.parse(line).text, label: JSON.parse(line).label, owner: owner(line) });
  }
});

test("a file that is not UTF-8 is refused with the sentence that the join page has", async () => {
  await expect(bench.add(kind("windows1252.csv"), "--name", "probe")).rejects.toThrow(
    "windows1252.csv is not UTF-8 text: save it as UTF-8",
  );
  expect(await bench.everything()).toEqual({});
});

test("a text file above 512 MB is told its characters as a smaller one is, and one above 2 GB its size", { timeout: 60_000 }, async () => {
  const path = join(bench.folder, "big.jsonl");
  const file = await open(path, "w");
  await file.write(Buffer.from("é"), 0, 2, 540 * 2 ** 20 - 1); // two bytes on two sides of a megabyte, after a hole that takes no disk
  await file.close();
  await expect(bench.add(path, "--name", "big")).rejects.toThrow(
    "big.jsonl has 566,231,040 characters; at most 200,000,000 are read: split it into smaller files",
  );
  await truncate(path, 2 ** 31);
  await expect(bench.add(path, "--name", "big")).rejects.toThrow(
    "big.jsonl has 2147483648 bytes, at most 2147483647 bytes and 200000000 characters are read",
  );
  expect(await bench.everything()).toEqual({});
});
