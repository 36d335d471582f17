import { expect, test } from "vitest";
import { ownExamples } from "../examples/ownExamples.ts";
import { hostingOf, ownSource } from "./dataSource.ts";
import { isOwnReferrer, readPageParams } from "./queryParams.ts";

test("own examples are what the session trains on, and their place in the run stays with them", () => {
  const table = ownExamples({ read: async () => null, write: async () => undefined, clear: async () => undefined });
  table.add([{ text: "Too dear", label: 3 }]);
  const source = ownSource(table);
  expect(hostingOf(source)).toEqual({ kind: "own", examples: [{ text: "Too dear", label: 3 }] });
  expect(ownSource(table)).toEqual(source);
  expect(hostingOf({ kind: "share" })).toEqual({ kind: "virtual" });
});

test("the page's address chooses backend, threads, kernels, tab and joining by itself; nonsense is left out", () => {
  expect(readPageParams("?backend=wasm&threads=2&kernels=plain&tab=3&auto=1&name=Ada&machine=2e9,1e8,1e6&passes=forward")).toEqual({
    isForwardOnly: true,
    machine: { flopsPerSecond: 2e9, memoryBytes: 1e8, bytesPerSecond: 1e6 },
    backend: "wasm",
    threads: 2,
    kernels: "plain",
    tab: "3",
    isAuto: true,
    nickname: "Ada",
  });
  expect(readPageParams("?backend=abacus&threads=-1&kernels=corn&auto=yes&machine=fast,1e8&passes=half")).toEqual({
    isForwardOnly: false,
    machine: null,
    backend: "auto",
    threads: 0,
    kernels: "fast",
    tab: "",
    isAuto: false,
    nickname: "",
  });
});

test("a page joins by itself only when its own site, an address or a program opened it", () => {
  const origin = "https://host.example";
  expect(["", "https://host.example/stage"].map((referrer) => isOwnReferrer(referrer, origin))).toEqual([true, true]);
  expect(["https://evil.example/", "http://host.example/", "odd"].map((referrer) => isOwnReferrer(referrer, origin))).toEqual([
    false,
    false,
    false,
  ]);
});
