import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/startTest.ts";
import { createAudit } from "./audit.ts";

const silent = pino({ level: "silent" });

test("P-106 the log of orders without the token has an end, and those with it are written all the same", () => {
  const folder = temporaryFolder();
  const audit = createAudit(folder.path, silent, () => 0);
  for (let i = 0; i < 1200; i++) audit.note({ action: "POST /control/stop", from: "203.0.113.9", outcome: "refused" });
  audit.note({ action: "stop", from: "127.0.0.1", outcome: "done" });
  const lines = readFileSync(join(folder.path, "audit.jsonl"), "utf8").trim().split("\n");
  expect(lines).toHaveLength(1001);
  expect(lines.filter((line) => line.includes("further refused orders are not written"))).toEqual([lines[999]]);
  expect(JSON.parse(lines[1000] ?? "")).toEqual({ at: "1970-01-01T00:00:00.000Z", action: "stop", from: "127.0.0.1", outcome: "done" });
  folder.remove();
});

test("P-106 an order is carried out though its log cannot be written", () => {
  const audit = createAudit("/nowhere/at/all", silent);
  expect(() => audit.note({ action: "stop", from: "127.0.0.1", outcome: "done" })).not.toThrow();
});
