import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { createReportFile } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "tutti-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a report is read and compressed once for all who ask, again when it was written again, and is not there before it is", async () => {
  const path = join(folder, "report.html");
  let numCompressed = 0;
  const latest = createReportFile(path, async (bytes) => {
    numCompressed++;
    return gzipSync(bytes);
  });
  expect(await latest()).toBeNull();
  writeFileSync(path, "first");
  const [one, other] = await Promise.all([latest(), latest()]);
  expect(numCompressed).toBe(1);
  expect([one, other].map((sent) => sent?.plain.toString())).toEqual(["first", "first"]);
  writeFileSync(path, "other");
  utimesSync(path, 10, 10);
  const again = await latest();
  expect(gunzipSync(again?.gzipped ?? Buffer.alloc(0)).toString()).toBe("other");
  expect(numCompressed).toBe(2);
});
