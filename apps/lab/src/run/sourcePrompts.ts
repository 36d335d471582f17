import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import type { SourceRecord } from "@tutti/record";
import { sourcePathsOf } from "../experiment/attemptSources.ts";

/** The hash of every source prompt's file that is there, by its place in a public folder. */
export async function hashSources(publicDir: string, paths: readonly string[]): Promise<Map<string, string>> {
  const texts = await Promise.all(paths.map(async (path) => [path, await readIfThere(join(publicDir, path))] as const));
  return new Map(texts.flatMap(([path, text]) => (text === null ? [] : [[path, hashOf(text)]])));
}

/** What is on record of the source prompts that runs of ATTEMPT use, each once, in the order of the runs; a prompt that is gone is left out. */
export async function describeSources(
  publicDir: string,
  runs: readonly { readonly settings: Pick<RunSettings, "backbone" | "tuning"> }[],
): Promise<SourceRecord[]> {
  const paths = runs.flatMap(({ settings }) => sourcePathsOf(settings));
  const records = await Promise.all([...new Set(paths)].map((path) => readRecord(publicDir, path)));
  return records.filter((record) => record !== null);
}

async function readRecord(publicDir: string, path: string): Promise<SourceRecord | null> {
  const text = await readIfThere(join(publicDir, path));
  if (text === null) return null;
  const { parseSourcePrompt } = await import("@tutti/model");
  const { name, backbone, task, numExamples, numSteps, learningRate, validation, shape } = parseSourcePrompt(text, path);
  return {
    name,
    backbone,
    tokens: shape[0],
    task,
    numExamples,
    numSteps,
    learningRate,
    validation: validation ?? null,
    sha256: hashOf(text),
  };
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

function readIfThere(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}
