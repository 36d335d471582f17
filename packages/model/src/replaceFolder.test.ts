import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { convertBackbone } from "./node.ts";
import { replaceFolder, restoreFolder } from "./replaceFolder.ts";
import { checkpointInMemory, goldenCheckpoint } from "./testing/goldenBackbone.ts";

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

test("a finished folder takes the place of another, and nothing else is left", async () => {
  const [old, finished] = [await folderOf("a", "old"), await folderOf("a.unfinished", "new")];
  await replaceFolder(finished, old);
  expect(await textIn(old)).toBe("new");
  expect((await readdir(place)).filter((name) => name.startsWith("a"))).toEqual(["a"]);
});

test("what was there comes back when the finished folder cannot be moved", async () => {
  const old = await folderOf("b", "old");
  await expect(replaceFolder(join(place, "b.missing"), old)).rejects.toThrow("ENOENT");
  expect(await textIn(old)).toBe("old");
  expect((await readdir(place)).filter((name) => name.startsWith("b"))).toEqual(["b"]);
});

test("a process that ended between the two renames loses nothing", async () => {
  const old = await folderOf("c", "old");
  await rename(old, `${old}.replaced`);
  await restoreFolder(old);
  expect(await textIn(old)).toBe("old");
  await folderOf("c.replaced", "older");
  await restoreFolder(old); // it ended just behind them
  expect(await textIn(old)).toBe("old");
  expect((await readdir(place)).filter((name) => name.startsWith("c"))).toEqual(["c"]);
});

test("a conversion that fails its check leaves every byte of what was there", async () => {
  const files = checkpointInMemory(await goldenCheckpoint("roberta"));
  const out = join(place, "backbone");
  const options = { name: "kept", encoding: "int8", source: "golden", licence: "Apache-2.0" } as const;
  await convertBackbone(files, out, options);
  const bytes = async () => Promise.all((await readdir(out)).sort().map(async (file) => [file, await readFile(join(out, file), "base64")]));
  const before = await bytes();
  const seen: string[] = [];
  const failing = convertBackbone(
    files,
    out,
    { ...options, encoding: "f32" },
    {
      check: async (folder, { manifest }) => {
        seen.push(manifest.encoding, ...(await readdir(folder)).filter((file) => file === "manifest.json"));
        throw new Error("no good");
      },
    },
  );
  await expect(failing).rejects.toThrow("no good");
  expect(seen).toEqual(["f32", "manifest.json"]); // the whole of the new one was there
  expect(await bytes()).toEqual(before);
  expect((await readdir(place)).filter((name) => name.startsWith("backbone"))).toEqual(["backbone"]);
});
