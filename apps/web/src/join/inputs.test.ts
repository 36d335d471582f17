import { expect, test } from "vitest";
import { hostingOf, maxFileBytes, readOwnFile } from "./dataSource.ts";
import { counted, formatBytes, formatDuration, formatPercent } from "./format.ts";
import { readPageParams } from "./queryParams.ts";

const fileOf = (name: string, text: string) => ({ name, size: text.length, text: async () => text });

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
  const huge = { name: "huge.csv", size: maxFileBytes + 1, text: () => Promise.reject(new Error("was read")) };
  await expect(readOwnFile(huge, "feedback/topic")).rejects.toThrow("at most 5 MB");
});

test("the page's address chooses backend, threads, kernels, tab and joining by itself; nonsense is left out", () => {
  expect(readPageParams("?backend=wasm&threads=2&kernels=plain&tab=3&auto=1&name=Ada")).toEqual({
    backend: "wasm",
    threads: 2,
    kernels: "plain",
    tab: "3",
    isAuto: true,
    nickname: "Ada",
  });
  expect(readPageParams("?backend=abacus&threads=-1&kernels=corn&auto=yes")).toEqual({
    backend: "auto",
    threads: 0,
    kernels: "fast",
    tab: "",
    isAuto: false,
    nickname: "",
  });
});

test("numbers read as people write them", () => {
  expect([0, 999, 1000, 50_400, 999_600, 3_210_000].map(formatBytes)).toEqual([
    "0 bytes",
    "999 bytes",
    "1.00 KB",
    "50.4 KB",
    "1.00 MB",
    "3.21 MB",
  ]);
  expect([0.4, 59, 125, 3_840].map(formatDuration)).toEqual(["0 s", "59 s", "2 min 5 s", "1 h 4 min"]);
  expect(formatPercent(0.6149)).toBe("61.5 %");
  expect([counted(1, "tab"), counted(2, "tab")]).toEqual(["1 tab", "2 tabs"]);
});
