import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import { expect, test } from "vitest";
import { readOwnFile } from "./ownExamples.ts";

test("--data is refused for a run whose answers are texts, with what it can be used for", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-own-"));
  await writeFile(join(folder, "own.csv"), "text,answer\nLate,Sorry\n");
  const info = {
    run: { ...presets.default, task: "replies", roster: "open" },
    urls: { backbone: "backbones/etude/manifest.json", dataset: "datasets/" },
  } as RunInfo;
  await expect(readOwnFile(join(folder, "own.csv"), info, "http://tutti.test/")).rejects.toThrow(
    "--data works with classification tasks only, and replies is a reply task: choose a task with classes",
  );
  await rm(folder, { recursive: true });
});
