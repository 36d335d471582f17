import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { staticImports, workerBytes } from "./workerSize.ts";

test("only what a script imports before it runs counts", () => {
  expect(staticImports(`import{a as b}from"./runtime-x1.js";import"./side.js";const c=()=>import("./later.js")`)).toEqual([
    "runtime-x1.js",
    "side.js",
  ]);
});

test("a worker is as large as itself and what it imports, each once and compressed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-worker-"));
  try {
    const scripts = { "worker-a.js": `import"./b.js";import"./c.js";`, "b.js": `import"./c.js";1`, "c.js": "2", "other.js": "unused" };
    await mkdir(join(folder, "assets"));
    for (const [name, text] of Object.entries(scripts)) await writeFile(join(folder, "assets", name), text);
    const { "other.js": _, ...counted } = scripts;
    expect(await workerBytes(folder)).toBe(Object.values(counted).reduce((sum, text) => sum + gzipSync(text).length, 0));
    await rm(join(folder, "assets", "worker-a.js"));
    await expect(workerBytes(folder)).rejects.toThrow("no worker-….js");
  } finally {
    await rm(folder, { recursive: true });
  }
});
