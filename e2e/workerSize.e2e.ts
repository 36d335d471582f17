import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { places } from "./setting/places.ts";

/** Bytes of a script of the pages as it travels. */
async function compressedBytes(name: string): Promise<number> {
  return gzipSync(await readFile(join(places.pages, "assets", name)), { level: 9 }).length;
}

test("the training worker takes at most 250 kB compressed, and at most 290 kB with what WebGPU adds; chat templates cost only who reads one", async () => {
  const names = (await readdir(join(places.pages, "assets"))).filter((name) => name.endsWith(".js"));
  const worker = names.find((name) => name.startsWith("worker-")) ?? "";
  const source = await readFile(join(places.pages, "assets", worker), "utf8");
  // what the worker imports when it needs it, by name
  const later = names.filter((name) => name !== worker && source.includes(name));
  const chat = later.filter((name) => name.startsWith("chatTemplate-"));
  expect(chat).toHaveLength(1);
  expect(later.length).toBeGreaterThan(0);
  const [first, ...rest] = await Promise.all([worker, ...later.filter((name) => !chat.includes(name))].map(compressedBytes));
  expect(first).toBeGreaterThan(50_000);
  expect(first).toBeLessThanOrEqual(250_000);
  expect(rest.reduce((sum, bytes) => sum + bytes, first ?? 0)).toBeLessThanOrEqual(290_000);
});
