import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "../exitCodes.ts";
import { createDataBench, type DataBench } from "../testing/dataCommands.ts";

let bench: DataBench;
beforeEach(async () => {
  bench = await createDataBench();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bench.remove();
});

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");
const reviews = (count: number) => Array.from({ length: count }, (_, i) => ({ text: `review ${i}`, label: i % 2 === 0 ? "neg" : "pos" }));
const bin = fileURLToPath(new URL("../../bin/tutti.mjs", import.meta.url));

/** 3,775 rows, of which twelve in five ways cannot be used. */
const faulty = () =>
  jsonl(
    reviews(3775).map((row, i) => {
      if (i % 500 === 10) return { ...row, text: " " }; // lines 11, 511, … 3511
      if (i === 20) return '{"text": "cut off';
      if (i === 30) return { label: "neg" };
      if (i === 40) return { ...row, text: null };
      if (i === 50) return { ...row, label: 1 };
      return row;
    }),
  );

test("all faulty rows are told at once: the first ten, then how many of which kind, and how to go on", async () => {
  const path = await bench.file("reviews.jsonl", faulty());
  const told: unknown = await bench.add(path).catch((error: unknown) => error);
  if (!(told instanceof Error)) throw new Error("it was added");
  const lines = told.message.split("\n");
  expect(lines[0]).toBe("12 of 3,775 rows cannot be used:");
  expect(lines.slice(1, 11).map((line) => line.trim().replace(/:.*/, ""))).toEqual(
    [11, 21, 31, 41, 51, 511, 1011, 1511, 2011, 2511].map((line) => `reviews.jsonl line ${line}`),
  );
  expect(lines[1]).toBe('  reviews.jsonl line 11: field "text" is empty');
  expect(lines[5]).toContain('column "label" is 1, but it holds text at reviews.jsonl line 1');
  expect(lines.slice(11)).toEqual([
    "  and 2 more; in all 8 with an empty field, 2 with a field missing, 1 without a JSON object, 1 with a label that is not a class",
    "--skip-faulty leaves these rows out",
  ]);
  expect(await bench.everything()).toEqual({});
});

test("--skip-faulty leaves faulty rows out, says how many of which kind, and keeps that on the card", async () => {
  const path = await bench.file("reviews.jsonl", faulty());
  const said = await bench.add(path, "--skip-faulty");
  const note =
    "Left out of reviews.jsonl: 12 of 3,775 rows: 8 with an empty field, 2 with a field missing, 1 without a JSON object, 1 with a label that is not a class.";
  expect(said).toContain(note);
  const card = JSON.parse(await readFile(join(bench.datasets, "reviews/dataset.json"), "utf8"));
  expect([card.numRows.train + card.numRows.test, card.task.classes]).toEqual([3763, ["neg", "pos"]]);
  expect(card.notes).toContain(note);
  expect(await bench.rows("reviews")).toHaveLength(3763);
});

test("one empty text among thousands ends nothing where it may be skipped, and is named alone where not", async () => {
  const rows = reviews(3775).map((row, i) => (i === 1887 ? `${row.label},\n` : `${row.label},${row.text}\n`));
  const path = await bench.file("reviews.csv", `label,text\n${rows.join("")}`);
  await expect(bench.add(path)).rejects.toThrow(/^reviews\.csv line 1889: field "text" is empty\n--skip-faulty leaves these rows out$/);
  expect(await bench.add(path, "--skip-faulty")).toContain("Left out of reviews.csv: 1 of 3,775 rows: 1 with an empty field.");
});

test("rows of another number of cells, and labels outside the classes, are skipped part by part", async () => {
  const train = await bench.file("own/train.csv", "text,label\na,x\nb,y\nc\nd,x,y\ne,x\nf,z\n");
  await bench.file("own/test.csv", "text,label\nh,x\n,y\n");
  await expect(bench.add(join(train, ".."), "--classes", "x,y")).rejects.toThrow(/^4 of 8 rows cannot be used:\n {2}train\.csv line 4: /);
  const said = await bench.add(join(train, ".."), "--classes", "x,y", "--skip-faulty");
  expect(said).toContain("Left out of train.csv: 3 of 6 rows: 2 with another number of cells, 1 with a label that is not a class.");
  expect(said).toContain("Left out of test.csv: 1 of 2 rows: 1 with an empty field.");
  expect(await bench.rows("own")).toHaveLength(4);
});

test("a class of faulty rows alone is left out with them, and a part without a usable row is refused", async () => {
  const path = await bench.file("own.csv", `text,label\n${"a,x\nb,y\n".repeat(4)},z\n`);
  await bench.add(path, "--skip-faulty");
  const card = JSON.parse(await readFile(join(bench.datasets, "own/dataset.json"), "utf8"));
  expect(card.task.classes).toEqual(["x", "y"]);
  const empty = await bench.file("empty.csv", "text,label\n,x\n,y\n");
  await expect(bench.add(path, "--test", empty, "--skip-faulty", "--name", "other")).rejects.toThrow(
    "empty.csv: none of its 2 rows can be used: 2 with an empty field",
  );
});

test("the command prints a line for each faulty row and ends with exit code 1", { timeout: 60_000 }, async () => {
  const path = await bench.file("own.csv", "text,label\n,x\nb,y\n,x\n");
  const { stderr, status } = spawnSync(process.execPath, [bin, "data", "add", path, "--datasets", bench.datasets], { encoding: "utf8" });
  expect([status, stderr.split("\n")]).toEqual([
    1,
    [
      "tutti: 2 of 3 rows cannot be used:",
      '  own.csv line 2: field "text" is empty',
      '  own.csv line 4: field "text" is empty',
      "--skip-faulty leaves these rows out",
      "",
    ],
  ]);
});

test("a path that does not exist is told as that, and the hub is not asked", async () => {
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1"); // whoever asks it gets another message
  for (const path of [
    "./reviews",
    "../reviews/mr",
    "/none/here",
    "~/reviews",
    "reviews.csv",
    "data/reviews.tsv",
    "a/b/c",
    "C:\\data\\mr",
    "data\\mr",
    "mr/",
    "my reviews/mr",
    "reviews.xlsx",
    "a/b/c@main",
    join(bench.folder, "none"),
  ]) {
    const added = bench.add(path);
    await expect(added, path).rejects.toThrow(`${path} does not exist: there is no such file or folder`);
    await expect(added).rejects.toThrow(UsageError);
  }
  await expect(bench.add("packages/nothing")).rejects.toThrow(
    "packages/nothing does not exist: the folder packages is here but does not hold nothing; for the one on the hub write hub:packages/nothing",
  );
  await expect(bench.add("hub:packages/nothing")).rejects.toThrow("http://127.0.0.1:1 cannot be reached");
  await expect(bench.add("owner/name@main")).rejects.toThrow(
    /127\.0\.0\.1:1 cannot be reached .*; there is no file or folder owner\/name here either$/,
  );
  await expect(bench.add(`${await bench.file("a.csv", "x")}/b`)).rejects.toThrow("does not exist");
  expect(await bench.everything()).toEqual({});
});
