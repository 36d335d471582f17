import { spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { createRandom } from "@tutti/core";
import type { RunResult } from "@tutti/record";
import { writeTickets } from "../apps/lab/src/testing/tickets.ts";
import { writeTinyPublic } from "../apps/lab/src/testing/tinyPublic.ts";
import { places, projectFolder } from "./setting/places.ts";
import { scratch } from "./setting/runs.ts";

const runsFolder = scratch("demo");
const sizes = ["--tabs", "2", "--devices", "16", "--rounds", "2", "--backend", "wasm", "--out", runsFolder];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line; `onLine` sees each line of stderr as it comes. */
function tutti(args: readonly string[], onLine: (line: string, interrupt: () => void) => void = () => undefined): Promise<Ended> {
  const child = spawn(process.execPath, [join(projectFolder, "apps/cli/bin/tutti.mjs"), ...args], { cwd: projectFolder });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    const before = stderr.split("\n").length;
    stderr += chunk.toString("utf8");
    for (const line of stderr.split("\n").slice(before - 1, -1)) onLine(line, () => child.kill("SIGINT"));
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const readResult = async (path: string): Promise<RunResult> => JSON.parse(await readFile(path, "utf8"));

test("a demo leaves its files, its prompts reproduce the newcomer accuracy, and one that was stopped ends with the same parameters", async () => {
  test.setTimeout(400_000);
  await mkdir(places.runs, { recursive: true });
  const whole = scratch("whole.json");
  const first = await tutti(["demo", ...sizes, "--json", whole]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("newcomer");
  const result = await readResult(whole);
  expect(Object.keys(result)).toEqual([
    "task",
    "backend",
    "threads",
    "rounds",
    "seconds",
    "accuracy",
    "f1",
    "metric",
    "score",
    "spread",
    "layerScores",
    "selectedLayers",
    "keepFraction",
    "bytes",
    "breakEvenRound",
    "numDevices",
    "numTabs",
    "seed",
    "parametersSha256",
  ]);
  expect(result).toMatchObject({ task: "feedback/topic", backend: "wasm", rounds: 2, numDevices: 16, numTabs: 2, seed: 42 });
  const [runId = ""] = (await readdir(runsFolder)).filter((name) => name.endsWith("-topic"));
  const files = await readdir(join(runsFolder, runId));
  expect(files).toEqual(expect.arrayContaining(["config.json", "rounds.jsonl", "results.json", "report.html", "prompts.safetensors"]));

  const predicted = await tutti(["predict", "--prompts", join(runsFolder, runId, "prompts.safetensors"), "--split", "test", "--json"]);
  expect(predicted.code, predicted.stderr).toBe(0);
  expect(JSON.parse(predicted.stdout).accuracy).toBe(result.accuracy.newcomer);

  const random = createRandom(20261).stream({ purpose: "when to stop" });
  const numLines = 2 + random.integer(4); // steps that close before: after scoring, while counting or in the first training round
  const delayMs = random.integer(400);
  let numClosed = 0;
  let interruptedAt = Number.NaN;
  const stopped = await tutti(["demo", ...sizes], (line, interrupt) => {
    if (!/ done, /.test(line)) return;
    numClosed += 1;
    if (numClosed === numLines)
      void wait(delayMs)
        .then(interrupt)
        .then(() => {
          interruptedAt = performance.now();
        });
  });
  expect(stopped.code, stopped.stderr).toBe(130);
  // it waits for no deadline: the step's is 120 s
  expect(performance.now() - interruptedAt).toBeLessThan(60_000);
  const command = /To go on: npx tutti demo (.*)/.exec(stopped.stderr)?.[1] ?? "";
  expect(command).toContain("--resume");
  const resumed = scratch("resumed.json");
  const last = await tutti(["demo", ...command.split(" "), "--json", resumed]);
  expect(last.code, last.stderr).toBe(0);
  expect((await readResult(resumed)).parametersSha256).toBe(result.parametersSha256);
});

test("a demo learns a task that somebody added, on another backbone, both from another public folder", async () => {
  test.setTimeout(120_000);
  const publicFolder = scratch("public");
  await writeTinyPublic(publicFolder);
  await writeTickets(join(publicFolder, "datasets/tickets"));
  const [out, json] = [scratch("demo-tickets"), scratch("tickets.json")];
  const chosen = ["--public", publicFolder, "--backbone", "tiny", "--task", "tickets", "--devices", "3", "--tabs", "1", "--rounds", "1"];
  const { code, stderr, stdout } = await tutti(["demo", ...chosen, "--backend", "wasm", "--threads", "1", "--out", out, "--json", json]);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("3 devices in 1 tab");
  expect(stdout).toContain("tickets on tiny");
  expect(await readResult(json)).toMatchObject({ task: "tickets", rounds: 1, numDevices: 3, numTabs: 1 });
});

test("wrong use of the command line is one sentence and exit code 2", async () => {
  const cases = [
    ["demo", "--tabs", "0"],
    ["nonsense"],
    ["predict", "--prompts", "nowhere.safetensors"],
    ["demo", "--task", "weather"],
    ["demo", "--backbone", "weather"],
  ];
  for (const args of cases) {
    const { code, stderr } = await tutti(args);
    expect(code, args.join(" ")).toBe(2);
    expect(stderr).not.toContain("    at ");
  }
  const missing = await tutti(["run", "status", "nowhere", "--out", scratch("nothing")]);
  expect(missing.code).toBe(2);
  expect(missing.stderr.trim().split("\n")).toHaveLength(1);
});
