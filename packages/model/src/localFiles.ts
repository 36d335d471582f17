import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunSettings } from "@tutti/core";
import { datasetFolder } from "@tutti/data";

/** A fetch for `file:` addresses, which Node's own does not read. */
export const fetchFile: typeof globalThis.fetch = async (input) => {
  const url = new URL(input instanceof Request ? input.url : input);
  const bytes = await readFile(url).catch(() => null);
  return bytes === null ? new Response(null, { status: 404 }) : new Response(new Uint8Array(bytes));
};

/** Addresses of a run's backbone and data set in a public folder on disk. */
export function localUrls(publicFolder: string, { backbone, task }: RunSettings): { manifestUrl: string; datasetUrl: string } {
  const address = (...parts: string[]) => pathToFileURL(join(publicFolder, ...parts)).href;
  return {
    manifestUrl: address("backbones", backbone, "manifest.json"),
    datasetUrl: `${address("datasets", datasetFolder(task))}/`,
  };
}
