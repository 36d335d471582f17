import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { createProgram } from "../program.ts";

/** Files of the kinds that people bring, kept beside the reader's tests. */
export const kindsOfFiles = fileURLToPath(new URL("../../../../packages/data/src/testing", import.meta.url));

/** A folder for one test's files and data sets, and the command line on it. */
export interface DataBench {
  readonly folder: string;
  readonly datasets: string;
  /** What `tutti data add` prints; rejects as the command does. */
  add(...words: string[]): Promise<string>;
  file(name: string, content: string | Uint8Array): Promise<string>;
  /** The rows of a data set's files together. */
  rows(name: string): Promise<Record<string, string>[]>;
  /** Every file in the data sets' folder with its bytes. */
  everything(): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

export async function createDataBench(): Promise<DataBench> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-cli-data-"));
  const datasets = join(folder, "datasets");
  const list = async (path: string) =>
    (await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])).filter((e) => e.isFile());
  return {
    folder,
    datasets,
    async add(...words) {
      const lines: string[] = [];
      const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
      try {
        const places = ["--datasets", datasets, "--downloads", join(folder, "downloads")];
        await createProgram().parseAsync(["data", "add", ...words, ...places], { from: "user" });
        return lines.join("\n");
      } finally {
        spy.mockRestore();
      }
    },
    async file(name, content) {
      const path = join(folder, name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, content);
      return path;
    },
    async rows(name) {
      const files = (await readdir(join(datasets, name))).filter((file) => file.endsWith(".jsonl"));
      const texts = await Promise.all(files.map((file) => readFile(join(datasets, name, file), "utf8")));
      return texts.flatMap((text) =>
        text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      );
    },
    async everything() {
      const files = await list(datasets);
      const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
      return Object.fromEntries(
        await Promise.all(paths.map(async (path) => [path.slice(datasets.length + 1), await readFile(path, "base64")])),
      );
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
