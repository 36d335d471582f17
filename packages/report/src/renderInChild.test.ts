import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { experimentOfRun } from "@tutti/record";
import { exampleRun } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { readExperimentResult } from "./readResult.ts";
import { renderInChild } from "./renderInChild.ts";

const result = experimentOfRun(exampleRun, { startedAt: "2026-01-02T03:04:05.000Z" });

test("a process of its own leaves the three files, and says why where it cannot", async () => {
  const { path, remove } = temporaryFolder();
  try {
    await renderInChild(result, path);
    expect((await readdir(path)).sort()).toEqual(["report.html", "results.csv", "results.json"]);
    expect(await readExperimentResult(path)).toEqual(result);
    expect(await readFile(join(path, "report.html"), "utf8")).toMatch(/^<!doctype html>.*<\/html>\n$/s);
    await writeFile(join(path, "file"), "");
    await expect(renderInChild(result, join(path, "file"))).rejects.toThrow("ENOTDIR");
  } finally {
    remove();
  }
}, 60_000);
