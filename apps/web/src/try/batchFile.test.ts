import { expect, test } from "vitest";
import { answersCsv, batchTexts, guessBatchColumns, labelOf, maxBatchRows, readBatchFile } from "./batchFile.ts";

const classes = ["negative", "positive"];
const fileOf = (name: string, text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { name, size: bytes.length, arrayBuffer: async () => bytes.buffer };
};

test("columns are found by what they hold: labels of the task's classes, and the longest text", async () => {
  const file = await readBatchFile(fileOf("a.csv", 'id,body,verdict\n7,"Came late, twice",negative\n8,Lovely,positive\n'));
  expect(guessBatchColumns(file, { classes, fields: { text: "text", textB: null, label: "label", owner: null } })).toEqual({
    text: "body",
    textB: null,
    label: "verdict",
  });
  expect(batchTexts(file.rows, { text: "body", textB: null, label: "verdict" }, classes)).toEqual([
    { line: 2, text: "Came late, twice", label: 0 },
    { line: 3, text: "Lovely", label: 1 },
  ]);
  const pairs = await readBatchFile(fileOf("b.tsv", "question\tpassage\nis it so?\tThe sky is blue at noon.\n"));
  const fields = { text: "premise", textB: "hypothesis", label: "label", owner: null };
  expect(guessBatchColumns(pairs, { classes, fields })).toEqual({ text: "question", textB: "passage", label: null });
  const bare = await readBatchFile(fileOf("c.csv", "id,note\n7,fine\n7,odd\n8,bare\n"));
  expect(guessBatchColumns(bare, { classes, fields: { text: "text", textB: null, label: "label", owner: null } })).toEqual({
    text: "note",
    textB: null,
    label: null,
  });
});

test("rows without a text are left out, and an answer that the task does not know is told from none", async () => {
  const file = await readBatchFile(
    fileOf("a.jsonl", '{"text":"fine","label":1}\n{"text":" "}\n{"text":"odd","label":"weather"}\n{"text":"bare"}\n'),
  );
  const texts = batchTexts(file.rows, { text: "text", textB: null, label: "label" }, classes);
  expect(texts.map(({ text, label }) => [text, label])).toEqual([
    ["fine", 1],
    ["odd", -1],
    ["bare", null],
  ]);
  expect([labelOf("POSITIVE ", classes), labelOf("2", classes), labelOf("1", ["1", "2"]), labelOf("0", ["1", "2"])]).toEqual([
    1, -1, 0, -1,
  ]);
});

test("a file that cannot be read is refused with a sentence", async () => {
  await expect(readBatchFile(fileOf("a.xlsx", "PK"))).rejects.toThrow("a.xlsx cannot be read: choose a file that ends in .csv");
  await expect(readBatchFile({ ...fileOf("a.csv", "text\n"), size: 6e6 })).rejects.toThrow("a.csv has 6.00 MB; this page reads at most");
  await expect(readBatchFile(fileOf("a.csv", "text,label\n"))).rejects.toThrow("a.csv has no rows below its column names");
  const rows = `text\n${"late\n".repeat(maxBatchRows + 3)}`;
  const long = await readBatchFile(fileOf("long.csv", rows));
  expect(long.rows).toHaveLength(maxBatchRows);
  expect(long.notes).toContain("Only the first 5,000 rows are asked about.");
});

test("the download is CSV whatever the texts hold", () => {
  const texts = [
    { line: 2, text: 'so "new", they\nsaid', label: 1 },
    { line: 3, text: "plain", label: null },
  ];
  const shares = [
    [0.25, 0.75],
    [0.5, 0.5],
  ];
  expect(answersCsv(texts, shares, classes)).toBe(
    'text,answer,p(negative),p(positive),label\r\n"so ""new"", they\nsaid",positive,0.250000,0.750000,positive\r\nplain,negative,0.500000,0.500000,\r\n',
  );
});

test("a text or a class that begins like a formula is text to the spreadsheet that opens the answers", () => {
  const texts = [{ line: 2, text: '=HYPERLINK("https://elsewhere.example")', label: null }];
  expect(answersCsv(texts, [[1]], ["@SUM(A1)"])).toBe(
    'text,answer,p(@SUM(A1))\r\n"\'=HYPERLINK(""https://elsewhere.example"")",\'@SUM(A1),1.000000\r\n',
  );
});
