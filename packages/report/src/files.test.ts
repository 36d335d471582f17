import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { experimentOfRun, resultOf } from "@tutti/record";
import { exampleRun, simulatedSource, simulatedSplits } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { writeReport, writeRunReport } from "./files.ts";
import { readExperimentResult } from "./readResult.ts";

test("a folder's result reads back as it was written, and what is none is refused", async () => {
  const { path, remove } = temporaryFolder();
  try {
    const files = await writeReport(simulatedSplits(), join(path, "out"));
    expect(files.map((file) => basename(file))).toEqual(["results.json", "report.html", "results.csv", "table.tex"]);
    expect(await readExperimentResult(join(path, "out"))).toEqual(simulatedSplits());
    await expect(readExperimentResult(path)).rejects.toThrow("has no results.json: give the folder that `tutti lab run` wrote");
    await writeFile(join(path, "results.json"), '{"name":"x","title":"y","runs":[{"id":3}]}');
    await expect(readExperimentResult(path)).rejects.toThrow("is not the result of an experiment: runs.0.id");
  } finally {
    remove();
  }
});

test("a result from before commits, sources and hashes of rows were kept is read", async () => {
  const { path, remove } = temporaryFolder();
  try {
    await writeReport(simulatedSplits(), join(path, "old"));
    const old = await readExperimentResult(join(path, "old"));
    expect([old.sources, old.runs[0]?.commit, old.data[0]?.rows]).toEqual([undefined, undefined, undefined]);
    const stamped = simulatedSplits().runs.map((run) => ({ ...run, commit: null, machine: "one" }));
    await writeReport({ ...old, sources: [simulatedSource], runs: stamped }, join(path, "new"));
    expect((await readExperimentResult(join(path, "new"))).sources).toEqual([simulatedSource]);
  } finally {
    remove();
  }
});
test("a run's three files read back as an experiment of one run", async () => {
  const { path, remove } = temporaryFolder();
  try {
    const experiment = experimentOfRun(exampleRun, { startedAt: "2026-01-02T03:04:05.000Z" });
    const files = await writeRunReport(experiment, path);
    expect(files.map((file) => basename(file)).sort()).toEqual(["report.html", "results.csv", "results.json"]);
    const read = await readExperimentResult(path);
    expect(read).toEqual(experiment);
    expect(read.runs.map(resultOf)).toMatchObject([
      { parametersSha256: exampleRun.parametersSha256, spread: { worstTenthAccuracy: 0.412 } },
    ]);
    expect(await readFile(join(path, "report.html"), "utf8")).toContain("feedback/topic on minuet");
  } finally {
    remove();
  }
});
