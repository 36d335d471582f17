import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isCheckout, loadPagesScript, projectFolder } from "./scripts.ts";

const sources = [
  "apps/web",
  "packages/core/src",
  "packages/protocol/src",
  "packages/data/src",
  "packages/model/src",
  "packages/client/src",
];

/** When the newest file in a folder, or the file itself, was written; 0 where there is none. */
async function newestMs(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const entries = await readdir(path, { withFileTypes: true });
  const relevant = entries.filter(
    ({ name }) => name !== "node_modules" && name !== "dist" && !name.includes(".test.") && !name.endsWith(".tsbuildinfo"),
  );
  const times = await Promise.all(relevant.map(({ name }) => newestMs(join(path, name))));
  return Math.max(0, ...times);
}

/** Whether built pages are missing or older than what they are built from. */
export async function arePagesStale(folder = projectFolder): Promise<boolean> {
  const built = await stat(join(folder, "dist/web/index.html")).catch(() => null);
  if (built === null) return true;
  const times = await Promise.all([...sources, "vite.config.ts", "package-lock.json"].map((path) => newestMs(join(folder, path))));
  return Math.max(...times) > built.mtimeMs;
}

/** The folder of the built pages. A checkout builds them first where they are missing or stale; an installed command brings them. */
export async function ensurePages(log: (line: string) => void): Promise<string> {
  const folder = join(projectFolder, "dist/web");
  if (isCheckout && (await arePagesStale())) {
    log("Building the pages (a few seconds) …");
    await (await loadPagesScript()).buildPages();
  }
  return folder;
}
