import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../demo/scripts.ts";
import type { ExperimentResult, LabRun } from "../experiments/labResult.ts";
import { type BenchRow, missingRow, row } from "./rows.ts";

/** The smoke experiment as a user runs it: its time, and how its runs used the cores. */
export async function benchLab(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", "tsx", join(projectFolder, "apps/lab/src/main/main.ts"), "smoke", "--out", folder], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`the lab ended with ${code}; its folder is ${folder}`);
  const { runs } = JSON.parse(await readFile(join(folder, "results.json"), "utf8")) as ExperimentResult;
  await rm(folder, { recursive: true, force: true });
  const orchestration = meanOf(runs, ({ usage }) => usage.orchestrationFraction);
  const clients = meanOf(runs, ({ usage }) => usage.clientsFraction);
  return [
    row("lab, smoke experiment, whole command", seconds, "s", { atMost: 120 }),
    rowOf("lab, tabs' share of all cores during training", clients, { atLeast: 0.85 }),
    rowOf("lab, orchestration's share of wall time", orchestration, { atMost: 0.05 }),
  ];
}

function rowOf(name: string, value: number | null, goal: Parameters<typeof row>[3] & object): BenchRow {
  return value === null ? missingRow(name, "", "this system does not tell processes' times", goal) : row(name, value, "", goal);
}

function meanOf(runs: readonly LabRun[], of: (run: LabRun) => number | null): number | null {
  const values = runs.flatMap((run) => of(run) ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
