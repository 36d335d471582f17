import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExperimentResult, RunResult } from "@tutti/record";
import { projectFolder } from "@tutti/server/checkout";
import { type BenchRow, median, row } from "./rows.ts";

const numRuns = 3;

/** What one run of the demo came to. */
interface DemoRun {
  readonly result: RunResult;
  /** Of the whole command. */
  readonly seconds: number;
  /** Bytes that the training rounds sent up. */
  readonly trainingUp: number;
}

/** Runs the demo with its defaults as a user would. */
async function runDemoCommand(): Promise<DemoRun> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const json = join(folder, "result.json");
  const start = performance.now();
  const child = spawn(process.execPath, [join(projectFolder, "apps/cli/bin/tutti.mjs"), "demo", "--out", folder, "--json", json], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`the demo ended with exit code ${code}; its folder is ${folder}`);
  const result = JSON.parse(await readFile(json, "utf8")) as RunResult;
  const runId = (await readdir(folder)).find((name) => name.endsWith("-topic")) ?? "";
  const { runs } = JSON.parse(await readFile(join(folder, runId, "results.json"), "utf8")) as ExperimentResult;
  await rm(folder, { recursive: true, force: true });
  return { result, seconds, trainingUp: runs[0]?.traffic?.train.up ?? 0 };
}

/** The demo with its defaults: the median time of three runs, and the accuracies, which are the same in each. */
export async function benchDemo(): Promise<BenchRow[]> {
  const runs: DemoRun[] = [];
  for (let i = 0; i < numRuns; i++) runs.push(await runDemoCommand());
  const [{ result }] = runs as [DemoRun];
  const numResults = new Set(runs.map((run) => run.result.parametersSha256)).size;
  const { personalised, newcomer, majority, zeroShot } = result.accuracy;
  const control = Math.max(majority ?? 0, zeroShot ?? 0);
  return [
    row("demo, whole command", median(runs.map((run) => run.seconds)), "s", { atMost: 240 }),
    row(`demo, different parameters in ${numRuns} runs of one seed`, numResults, "", { atMost: 1 }),
    row("demo, personalised accuracy", personalised ?? 0, "", { atLeast: 0.64 }),
    row("demo, newcomer accuracy", newcomer ?? 0, "", { atLeast: 0.57 }),
    row("demo, newcomer above majority and zero-shot", (newcomer ?? 0) - control, "", { atLeast: 0.1 }),
    row(
      "demo, uploads of the training rounds beside all layers in f32",
      median(runs.map((run) => run.trainingUp)) / result.bytes.upAllLayersF32,
      "",
    ),
  ];
}
