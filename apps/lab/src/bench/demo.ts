import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../demo/scripts.ts";
import type { RunResult } from "../results/runResult.ts";
import { type BenchRow, row } from "./rows.ts";

/** Runs the demo with its defaults as a user would; answers its result and how long the whole command took. */
async function runDemoCommand(): Promise<{ result: RunResult; seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const json = join(folder, "result.json");
  const start = performance.now();
  const child = spawn(process.execPath, [join(projectFolder, "apps/cli/bin/tutti.mjs"), "demo", "--out", folder, "--json", json], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`the demo ended with ${code}; its folder is ${folder}`);
  const result = JSON.parse(await readFile(json, "utf8")) as RunResult;
  await rm(folder, { recursive: true, force: true });
  return { result, seconds };
}

/** The demo with its defaults: time and accuracies. One run, since it takes minutes; its own seed makes the accuracies repeatable. */
export async function benchDemo(): Promise<BenchRow[]> {
  const { result, seconds } = await runDemoCommand();
  const { personalised, newcomer, majority, zeroShot } = result.accuracy;
  const control = Math.max(majority ?? 0, zeroShot ?? 0);
  return [
    row("demo, whole command", seconds, "s", { atMost: 240 }),
    row("demo, personalised accuracy", personalised ?? 0, "", { atLeast: 0.64 }),
    row("demo, newcomer accuracy", newcomer ?? 0, "", { atLeast: 0.57 }),
    row("demo, newcomer above majority and zero-shot", (newcomer ?? 0) - control, "", { atLeast: 0.1 }),
    row("demo, uploads in training beside all layers in f32", result.bytes.up / result.bytes.upAllLayersF32, ""),
  ];
}
