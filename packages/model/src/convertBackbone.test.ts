import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { convertBackbone } from "./node.ts";
import { checkpointInMemory, goldenCheckpoint } from "./testing/goldenBackbone.ts";

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "tutti-convert-"));
});
afterAll(() => rm(place, { recursive: true }));

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
