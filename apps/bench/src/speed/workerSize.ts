import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type BenchRow, row } from "../rows.ts";
import type { Sides } from "./speedAsked.ts";

const compress = promisify(gzip);

/** Bytes of the training worker in gzip, with every script that it loads before it starts. */
export async function workerBytes(pagesDir: string): Promise<number> {
  const folder = join(pagesDir, "assets");
  const names = await readdir(folder);
  const worker = names.find((name) => /^worker-.*\.js$/.test(name));
  if (worker === undefined) throw new Error(`${folder} holds ${names.join(", ")} and no worker-….js: build the pages`);
  const seen = new Set<string>();
  let bytes = 0;
  const waiting = [worker];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const script = await readFile(join(folder, name), "utf8");
    bytes += (await compress(script)).length;
    waiting.push(...staticImports(script));
  }
  return bytes;
}

/** The files beside it that a built script imports before it runs. */
export function staticImports(script: string): string[] {
  return [...script.matchAll(/\b(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)].map(([, name]) => name ?? "");
}

/** The worker's size in both checkouts, whose pages are built. */
export async function benchWorkerSize({ now, before }: Sides): Promise<BenchRow[]> {
  const bytesOf = (root: string) => workerBytes(join(root, "dist/web"));
  const size = row("training worker, compressed", (await bytesOf(now)) / 1000, "kB", { atMost: 290 });
  return [before === null ? size : { ...size, note: `before ${((await bytesOf(before)) / 1000).toPrecision(4)} kB` }];
}
