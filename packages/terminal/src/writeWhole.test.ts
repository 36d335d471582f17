import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "./testing/temporaryFolder.ts";
import { writeWhole } from "./writeWhole.ts";

const made: ReturnType<typeof temporaryFolder>[] = [];
const newFolder = () => {
  made.push(temporaryFolder());
  return made.at(-1)?.path ?? "";
};
afterEach(() => {
  for (const folder of made.splice(0)) folder.remove();
});

test("a file is replaced as a whole, and nothing else is left", async () => {
  const folder = newFolder();
  const path = join(folder, "report.html");
  await writeWhole(path, "one");
  await writeWhole(path, "two");
  expect([readFileSync(path, "utf8"), ...readdirSync(folder)]).toEqual(["two", "report.html"]);
});

test("a file that cannot be put in its place leaves no draft", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "report.html/inside"), { recursive: true });
  await expect(writeWhole(join(folder, "report.html"), "x")).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
  expect(readdirSync(folder)).toEqual(["report.html"]);
});

test.skipIf(process.platform !== "linux")("a full disk leaves what was there and no draft", async () => {
  const folder = newFolder();
  const path = join(folder, "report.html");
  await writeWhole(path, "one");
  symlinkSync("/dev/full", `${path}.new`);
  await expect(writeWhole(path, "two")).rejects.toThrow("ENOSPC");
  expect([readFileSync(path, "utf8"), ...readdirSync(folder)]).toEqual(["one", "report.html"]);
});
