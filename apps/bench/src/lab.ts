import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExperimentResult, RunRecord } from "@tutti/record";
import { projectFolder } from "@tutti/server/checkout";
import { type BenchRow, missingRow, row } from "./rows.ts";

/** As experiments use the cores: a tab per run, and as many runs at once as there are cores. */
const busy = `
title: Busy
question: How well are the cores used?
base: demo
settings: { numRounds: 6, evaluateEvery: 6 }
tasks: [feedback/topic]
seeds: [1, 2]
methods: [pTuningV2]
`;

/** Runs an experiment as a user would. */
async function runLab(experiment: string, folder: string): Promise<{ readonly seconds: number; readonly runs: readonly RunRecord[] }> {
  const start = performance.now();
  const child = spawn(process.execPath, [join(projectFolder, "apps/cli/bin/tutti.mjs"), "lab", "run", experiment, "--out", folder], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`the lab ended with exit code ${code}; its folder is ${folder}`);
  const { runs } = JSON.parse(await readFile(join(folder, "results.json"), "utf8")) as ExperimentResult;
  return { seconds, runs };
}

/** The smoke experiment's time, and how the lab's runs use the cores. */
export async function benchLab(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const busyFile = join(folder, "busy.yaml");
  await writeFile(busyFile, busy);
  const smoke = await runLab("smoke", join(folder, "smoke"));
  const { runs } = await runLab(busyFile, join(folder, "busy"));
  await rm(folder, { recursive: true, force: true });
  return [
    row("lab, smoke experiment, whole command", smoke.seconds, "s", { atMost: 120 }),
    rowOf(
      "lab, tabs' share of the cores during training",
      meanOf(runs, ({ usage }) => usage.clientsFraction),
      { atLeast: 0.85 },
    ),
    rowOf(
      "lab, orchestration's share of wall time",
      meanOf(runs, ({ usage }) => usage.orchestrationFraction),
      { atMost: 0.05 },
    ),
  ];
}

function rowOf(name: string, value: number | null, goal: Parameters<typeof row>[3] & object): BenchRow {
  return value === null
    ? missingRow(name, "", "this system does not report the processor time of processes", goal)
    : row(name, value, "", goal);
}

function meanOf(runs: readonly RunRecord[], of: (run: RunRecord) => number | null): number | null {
  const values = runs.flatMap((run) => of(run) ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
