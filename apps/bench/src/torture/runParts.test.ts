import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { type BenchRow, row } from "../rows.ts";
import type { TorturePart } from "./part.ts";
import { runParts } from "./runParts.ts";

const run = { seed: 5, signal: new AbortController().signal, limitMs: 60_000, say: () => {}, keep: async () => {} };
const holding: TorturePart = async () => [row("hangs", 0, "", { atMost: 0 })];

test("rows carry their part's name, and the time of all parts is one of them", async () => {
  const rows = await runParts({ first: holding }, run);
  expect(rows).toMatchObject([
    { name: "first: hangs", value: 0, holds: true },
    { name: "time of all parts", unit: "min", goal: "≤ 1", holds: true },
  ]);
});

test("a part that throws is a row that does not hold, and the next one runs", async () => {
  const failing: TorturePart = async () => Promise.reject(new Error("the port is taken\nsecond line"));
  const [failed, held] = await runParts({ failing, holding }, run);
  expect(failed).toMatchObject({ name: "failing: runs to its end", value: null, holds: false, note: "the port is taken" });
  expect(held).toMatchObject({ name: "holding: hangs", holds: true });
});

test("a part has an empty folder that is gone afterwards, and the seed", async () => {
  const seen: { folder: string; isThere: boolean; seed: number }[] = [];
  const part: TorturePart = async ({ folder, seed }) => {
    seen.push({ folder, isThere: existsSync(folder), seed });
    return [];
  };
  await runParts({ part }, run);
  expect(seen).toMatchObject([{ isThere: true, seed: 5 }]);
  expect(existsSync(seen[0]?.folder ?? "")).toBe(false);
});

test("a stop keeps the rows that there are, of the stopped part too, and begins no other", async () => {
  const controller = new AbortController();
  const kept: (readonly BenchRow[])[] = [];
  const stopped: TorturePart = async ({ signal }) => {
    controller.abort(new Error("stopped by SIGINT"));
    return [row("cases until the stop", signal.aborted ? 7 : -1, "")];
  };
  const rows = await runParts(
    { holding, stopped, never: holding },
    { ...run, signal: controller.signal, keep: async (now) => void kept.push([...now]) },
  );
  expect(rows.map(({ name, value }) => [name, value])).toEqual([
    ["holding: hangs", 0],
    ["stopped: cases until the stop", 7],
  ]);
  expect(kept[0]).toHaveLength(1);
  expect(kept.at(-1)).toEqual(rows);
});

test("the limit ends a part; the parts that then have no time left are rows that do not hold", async () => {
  const slow: TorturePart = ({ signal }) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve([row("cases", 3, "")]), { once: true }));
  const rows = await runParts({ slow, late: holding }, { ...run, limitMs: 30 });
  expect(rows).toMatchObject([{ name: "slow: cases" }, { name: "late: runs to its end", holds: false }, { name: "time of all parts" }]);
});
