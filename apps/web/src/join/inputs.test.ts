import { h } from "preact";
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { hostingOf, maxFileBytes, readOwnFile } from "./dataSource.ts";
import { OwnFilePreview } from "./ownFilePreview.tsx";
import { readPageParams } from "./queryParams.ts";

const fileOf = (name: string, content: string | Uint8Array<ArrayBuffer>) => new File([content], name);

test("an own file becomes examples with counts of every class of the run's task", async () => {
  const source = await readOwnFile(fileOf("mine.csv", "text,label\nToo dear,price\nCame late,delivery\nCheap,price\n"), "feedback/topic");
  expect(source.examples).toHaveLength(3);
  expect(source.classes).toEqual([
    { name: "delivery", count: 1 },
    { name: "quality", count: 0 },
    { name: "service", count: 0 },
    { name: "price", count: 2 },
  ]);
  expect(hostingOf(source)).toEqual({ kind: "own", examples: source.examples });
  expect(hostingOf({ kind: "share" })).toEqual({ kind: "virtual" });
});

test("a file that does not fit is refused with the line, or with its size before it is read", async () => {
  await expect(readOwnFile(fileOf("mine.csv", "text,label\nToo dear,prize\n"), "feedback/topic")).rejects.toThrow(
    /mine\.csv line 2.*"prize".*price/,
  );
  const huge = { name: "huge.csv", size: maxFileBytes + 1, arrayBuffer: () => Promise.reject(new Error("was read")) };
  await expect(readOwnFile(huge, "feedback/topic")).rejects.toThrow("huge.csv has 5.00 MB; this page reads at most 5.00 MB");
});

test("a file that is not UTF-8 is refused as the command line refuses it; a byte order mark is dropped", async () => {
  const text = "text;label\nDie Bedienung war unhöflich;0\nGröße passt, schöne Farbe;1\n";
  const windows1252 = Uint8Array.from(text, (character) => character.charCodeAt(0));
  await expect(readOwnFile(fileOf("mine.csv", windows1252), "feedback/topic")).rejects.toThrow(
    "mine.csv is not UTF-8 text: save it as UTF-8",
  );
  const { examples } = await readOwnFile(fileOf("mine.csv", `\uFEFF${text}`), "feedback/topic");
  expect(examples).toEqual([
    { text: "Die Bedienung war unhöflich", label: 0 },
    { text: "Größe passt, schöne Farbe", label: 1 },
  ]);
});

test("an own file for a task whose answers are texts is refused with what to do instead", async () => {
  await expect(readOwnFile(fileOf("mine.csv", "text,answer\nLate,Sorry\n"), "replies")).rejects.toThrow(
    "“Customer feedback: what would you reply?” asks for answers in words, and this page reads only files with a label for each text. Take a share",
  );
});

test("all faulty rows of an own file are told at once", async () => {
  await expect(readOwnFile(fileOf("mine.csv", "text,label\n,price\nCheap,price\nLate\nDear,prize\n"), "feedback/topic")).rejects.toThrow(
    /^3 of 4 rows cannot be used:\n {2}mine\.csv line 2: field "text" is empty\n {2}mine\.csv line 4: 1 cells .*\n {2}mine\.csv line 5: .*"prize"/,
  );
});

test("what was assumed about an own file is shown beside its rows", async () => {
  const rows = Array.from(
    { length: 8 },
    (_, i) => `${i === 2 ? '"Never' : i === 5 ? 'again"' : `text ${i}`}\t${i % 2 === 0 ? "price" : "quality"}\n`,
  );
  const source = await readOwnFile(fileOf("mine.tsv", `text\tlabel\n${rows.join("")}`), "feedback/topic");
  expect(source.examples).toHaveLength(8);
  expect(source.notes).toEqual([
    "mine.tsv is read without quoting rules: a quotation mark that begins a cell belongs to the text (1 row, line 4).",
  ]);
  expect(render(h(OwnFilePreview, { source }))).toContain("mine.tsv is read without quoting rules");
});

test("the page's address chooses backend, threads, kernels, tab and joining by itself; nonsense is left out", () => {
  expect(readPageParams("?backend=wasm&threads=2&kernels=plain&tab=3&auto=1&name=Ada&machine=2e9,1e8,1e6")).toEqual({
    machine: { flopsPerSecond: 2e9, memoryBytes: 1e8, bytesPerSecond: 1e6 },
    backend: "wasm",
    threads: 2,
    kernels: "plain",
    tab: "3",
    isAuto: true,
    nickname: "Ada",
  });
  expect(readPageParams("?backend=abacus&threads=-1&kernels=corn&auto=yes&machine=fast,1e8")).toEqual({
    machine: null,
    backend: "auto",
    threads: 0,
    kernels: "fast",
    tab: "",
    isAuto: false,
    nickname: "",
  });
});
