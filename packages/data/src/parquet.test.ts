import { gunzipSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { parseParquet } from "./parquet.ts";

const columns = () => [
  { name: "sentence", data: ["it 's a charming journey", "née – 映画", "no movement"], type: "STRING" as const },
  { name: "label", data: [1n, 0n, -1n], type: "INT64" as const },
  { name: "isShort", data: [true, false, true], type: "BOOLEAN" as const },
];

function write(options: Partial<Parameters<typeof parquetWriteBuffer>[0]> = {}): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: columns(), ...options }));
}

test("rows keep their order and types; 64-bit whole numbers become numbers", async () => {
  const table = await parseParquet(write(), "train.parquet");
  expect(table.columns).toEqual(["sentence", "label", "isShort"]);
  expect(table.rows).toEqual([
    { line: 1, fields: { sentence: "it 's a charming journey", label: 1, isShort: true } },
    { line: 2, fields: { sentence: "née – 映画", label: 0, isShort: false } },
    { line: 3, fields: { sentence: "no movement", label: -1, isShort: true } },
  ]);
});

test("several row groups and a view into a larger buffer read the same", async () => {
  const whole = write({ rowGroupSize: 2 });
  const inside = new Uint8Array(whole.length + 11);
  inside.set(whole, 7);
  const { rows } = await parseParquet(inside.subarray(7, 7 + whole.length));
  expect(rows.map(({ line, fields }) => [line, fields.label])).toEqual([
    [1, 1],
    [2, 0],
    [3, -1],
  ]);
});

test("only the columns that are asked for are read, and a missing one is named with those there are", async () => {
  const { rows } = await parseParquet(write(), "a.parquet", { columns: ["label"] });
  expect(rows[0]?.fields).toEqual({ label: 1 });
  await expect(parseParquet(write(), "a.parquet", { columns: ["label", "text"] })).rejects.toThrow(
    'a.parquet: there is no column "text"; the file has sentence, label, isShort',
  );
});

test("class names that the datasets library keeps beside the rows are found", async () => {
  const features = { sentence: { dtype: "string", _type: "Value" }, label: { names: ["negative", "positive"], _type: "ClassLabel" } };
  const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
  expect((await parseParquet(write({ kvMetadata }))).classNames).toEqual({ label: ["negative", "positive"] });
  expect((await parseParquet(write())).classNames).toEqual({});
  expect((await parseParquet(write({ kvMetadata: [{ key: "huggingface", value: "{" }] }))).classNames).toEqual({});
});

test("a file that is cut off anywhere is refused with a sentence", async () => {
  const whole = write();
  for (let length = 0; length < whole.length; length += 13) {
    const cut = parseParquet(whole.subarray(0, length), "cut.parquet");
    await expect(cut).rejects.toThrow(/^cut\.parquet is (not a Parquet file|cut off|damaged)/);
  }
  await expect(parseParquet(new TextEncoder().encode("text,label\na,b\n"), "a.parquet")).rejects.toThrow(
    "a.parquet is not a Parquet file: it does not begin with PAR1 (15 bytes)",
  );
});

test("a file whose end is in place but whose middle is not is damaged, not half read", async () => {
  const whole = write();
  const damaged = whole.slice();
  damaged.fill(255, 4, 40);
  await expect(parseParquet(damaged, "hole.parquet")).rejects.toThrow(/^hole\.parquet is damaged or of an unknown kind \(/);
  const footer = whole.slice();
  footer.fill(255, whole.length - 8, whole.length - 4);
  await expect(parseParquet(footer, "footer.parquet")).rejects.toThrow("footer.parquet is damaged");
});

test("a compression that is not read here is named, unless what unpacks it is handed in or the column is not needed", async () => {
  const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
  const packed = write({ codec: "GZIP", compressors: { GZIP: gzip } });
  await expect(parseParquet(packed, "z.parquet")).rejects.toThrow(
    'z.parquet: column "sentence" is compressed with GZIP, which cannot be read here (only UNCOMPRESSED, SNAPPY can): write the file with Snappy or as JSON Lines',
  );
  const compressors = { GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)) };
  expect((await parseParquet(packed, "z.parquet", { compressors })).rows[2]?.fields.sentence).toBe("no movement");
  const mixed = write({
    compressors: { GZIP: gzip },
    columnData: columns().map((c, i) => (i === 0 ? { ...c, codec: "GZIP" as const } : c)),
  });
  expect((await parseParquet(mixed, "z.parquet", { columns: ["label"] })).rows).toHaveLength(3);
});

test("limits hold before anything is unpacked", async () => {
  const limits = { maxRows: 2, maxCharacters: 1e6 };
  await expect(parseParquet(write(), "big.parquet", { limits })).rejects.toThrow("big.parquet has more than 2 rows");
  expect((await parseParquet(write(), "big.parquet", { limits: { ...limits, maxRows: 3 } })).rows).toHaveLength(3);
});
