import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { putAllBack, replaceFolder } from "./replaceFolder.ts";

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "tutti-replace-"));
});
afterAll(() => rm(place, { recursive: true }));

async function folderOf(name: string, text: string): Promise<string> {
  const folder = join(place, name);
  await mkdir(folder);
  await writeFile(join(folder, "file"), text);
  return folder;
}
const textIn = (folder: string) => readFile(join(folder, "file"), "utf8");

const write = (text: string) => (unfinished: string) => writeFile(join(unfinished, "file"), text);
const namesOf = async (start: string) => (await readdir(place)).filter((name) => name.startsWith(start));

test("a finished folder takes the place of another, and nothing else is left", async () => {
  const old = await folderOf("a", "old");
  await folderOf("a.unfinished", "of an earlier version");
  await folderOf(`a.${process.pid}.unfinished`, "of a process that ended and had this one's number");
  await replaceFolder(old, write("new"));
  expect(await textIn(old)).toBe("new");
  expect(await namesOf("a")).toEqual(["a"]);
});

test("what was there comes back when the new one cannot be made or moved", async () => {
  const old = await folderOf("b", "old");
  const failing = replaceFolder(old, async () => Promise.reject(new Error("no good")));
  await expect(failing).rejects.toThrow("no good");
  const half = async (unfinished: string) => rm(unfinished, { recursive: true });
  await expect(replaceFolder(old, half)).rejects.toThrow("ENOENT");
  expect(await textIn(old)).toBe("old");
  expect(await namesOf("b")).toEqual(["b"]);
});

test("a process that ended between the two renames loses nothing", async () => {
  const old = await folderOf("c", "old");
  await rename(old, `${old}.previous`);
  await putAllBack(place);
  expect(await textIn(old)).toBe("old");
  await folderOf("c.previous", "older"); // it ended just behind them
  await putAllBack(place);
  expect(await textIn(old)).toBe("old");
  await replaceFolder(old, write("new"));
  expect(await namesOf("c")).toEqual(["c"]);
});
