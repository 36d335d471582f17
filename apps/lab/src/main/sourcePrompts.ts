import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunSettings, sourcePromptPath } from "@tutti/core";
import type { SourceRecord } from "../experiments/labResult.ts";

/** What is on record of the source prompts that runs of ATTEMPT used, each once, in the order of the runs; a prompt that is gone is left out. */
export async function describeSources(
  publicDir: string,
  runs: readonly { readonly settings: Pick<RunSettings, "backbone" | "tuning"> }[],
): Promise<SourceRecord[]> {
  const paths = runs.flatMap(({ settings: { backbone, tuning } }) =>
    tuning.method === "attempt" ? tuning.sources.map((name) => sourcePromptPath(backbone, name, tuning.promptTokens)) : [],
  );
  const records = await Promise.all([...new Set(paths)].map((path) => readRecord(publicDir, path)));
  return records.filter((record) => record !== null);
}

async function readRecord(publicDir: string, path: string): Promise<SourceRecord | null> {
  const text = await readFile(join(publicDir, path), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const { parseSourcePrompt } = await import("@tutti/model");
  const { name, backbone, task, numExamples, numSteps, learningRate, validation, shape } = parseSourcePrompt(text, path);
  return {
    ...{ name, backbone, tokens: shape[0], task, numExamples, numSteps, learningRate, validation: validation ?? null },
    sha256: createHash("sha256").update(text).digest("hex"),
  };
}
