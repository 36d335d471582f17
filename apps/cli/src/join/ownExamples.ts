import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { coordinatorFolder } from "@tutti/client";
import { datasetFolder, type Example, parseOwnExamples, requireClassification, taskOfRun } from "@tutti/data";
import { limits, type RunInfo } from "@tutti/protocol";
import { orWrongUse, UsageError } from "../exitCodes.ts";

/** Examples of the client itself, and what was assumed about their file, in sentences. */
export interface OwnFile {
  readonly examples: readonly Example[];
  readonly notes: readonly string[];
}

/** Reads a client's own examples for a run; what is in the file stays on this machine. */
export async function readOwnFile(path: string, { run, urls }: RunInfo, url: string): Promise<OwnFile> {
  if (run.roster !== "open")
    throw new UsageError(
      "--data is for runs with an open roster (`tutti serve --open-roster`), and this one has a fixed roster: leave it out",
    );
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${path} cannot be read: give a CSV, TSV or JSON Lines file with the columns text and label`, { cause });
  });
  const files = new URL(`${datasetFolder(run.task)}/`, new URL(urls.dataset, coordinatorFolder(url)));
  const found = await taskOfRun(run, async (file) => (await fetch(new URL(file, files).href)).text());
  const task = orWrongUse(() => requireClassification(found, "--data"));
  const { examples, notes } = parseOwnExamples(basename(path), new Uint8Array(bytes), task);
  if (examples.length > limits.maxExamples)
    throw new UsageError(`${path}: ${examples.length} rows, at most ${limits.maxExamples} can be used: use a part of it`);
  return { examples, notes };
}
