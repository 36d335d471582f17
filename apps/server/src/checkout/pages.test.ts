import { mkdir, mkdtemp, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arePagesStale } from "./pages.ts";

async function writeAt(path: string, seconds: number): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "");
  await utimes(path, seconds, seconds);
}

test("pages are stale when they are missing or older than a source, whatever happens to tests", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-pages-"));
  expect(await arePagesStale(folder)).toBe(true);
  await writeAt(join(folder, "packages/core/src/deep/thing.ts"), 1000);
  await writeAt(join(folder, "dist/web/index.html"), 2000);
  expect(await arePagesStale(folder)).toBe(false);
  await writeAt(join(folder, "packages/core/src/deep/thing.test.ts"), 3000);
  expect(await arePagesStale(folder)).toBe(false);
  await writeAt(join(folder, "apps/web/index.html"), 3000);
  expect(await arePagesStale(folder)).toBe(true);
});
