import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { joinRun } from "@tutti/client/node";
import { fedAvg, fedPt, presets, type RunSettings } from "@tutti/core";
import { threadTrainer } from "@tutti/model/node";
import { experimentResultSchema, shownAnswers } from "@tutti/record";
import { serve } from "@tutti/server";
import { isAlive } from "@tutti/terminal";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

vi.setConfig({ testTimeout: 120_000 });

const project = join(import.meta.dirname, "../../../..");
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** The built-in backbones, and few rows of the replies, which take less time. */
function smallPublic(): string {
  const [from, to] = [join(project, "public"), join(folder.path, "public")];
  mkdirSync(join(to, "datasets/replies"), { recursive: true });
  symlinkSync(join(from, "backbones"), join(to, "backbones"));
  for (const [split, numRows] of [
    ["train", 64],
    ["validation", 4],
    ["test", 8],
  ] as const) {
    const rows = readFileSync(join(from, `datasets/replies/${split}.jsonl`), "utf8").split("\n");
    writeFileSync(join(to, `datasets/replies/${split}.jsonl`), `${rows.slice(0, numRows).join("\n")}\n`);
  }
  return to;
}

const tuning = {
  method: "lora",
  rank: 2,
  alpha: 4,
  head: "labelWords",
  promptDropout: 0,
  positionsAfterPrefix: false,
  lossOver: "labelWords",
};
const run = {
  ...presets.demo,
  backbone: "etude",
  task: "replies",
  numDevices: 2,
  minDevices: 2,
  cohortSize: 2,
  numRounds: 2,
  evaluateEvery: 2,
  evaluateZeroShot: false,
  deadlineMs: null,
  partition: { kind: "iid" },
  tuning,
  training: { ...presets.demo.training, localEpochs: 1, batchSize: 32 },
  strategy: { ...fedPt.defaults, distillSteps: 1, distillFraction: 0.1 },
  generation: { numAnswers: 0 },
} as unknown as RunSettings;

test("one command is enough: serve starts a compute client, which does what needs the large model, and stops it at the end", async () => {
  const lines: string[] = [];
  const dataDir = join(folder.path, "runs");
  mkdirSync(dataDir, { recursive: true });
  let hasJoined = false;
  const print = (line: string) => {
    lines.push(line);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url === undefined || hasJoined) return;
    hasJoined = true;
    joinRun({ url, trainer: threadTrainer(), backend: "wasm", threads: 1 });
  };
  const kinds: string[] = [];
  const end = await serve({
    presets: { mine: run },
    preset: "mine",
    flags: { host: "127.0.0.1", port: 0, dataDir, pagesDir: null, publicDir: smallPublic(), logLevel: "silent", runId: "mine" },
    numClasses: () => null,
    isOver: "whenDone",
    print,
    computeCommand: [join(project, "apps/cli/bin/tutti.mjs"), "compute", "--quiet", "--keep", join(folder.path, "kept")],
    async onDone({ steps }) {
      kinds.push(...steps.map(({ kind }) => kind));
    },
  });
  expect(end).toBe("done");
  expect(kinds).toEqual(["train", "logits", "distil", "train", "evaluate"]);
  const command = lines.find((line) => line.includes("tutti compute --join"));
  expect(command).toMatch(/tutti compute --join http:\/\/127\.0\.0\.1:\d+ --token [A-Za-z0-9_-]{32}$/);
});

test("when the rounds are over serve starts a compute client that answers ten messages for the report, and the run ends with it", async () => {
  const dataDir = join(folder.path, "answered");
  mkdirSync(dataDir, { recursive: true });
  const lines: string[] = [];
  let hasJoined = false;
  const print = (line: string) => {
    lines.push(line);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url === undefined || hasJoined) return;
    hasJoined = true;
    joinRun({ url, trainer: threadTrainer(), backend: "wasm", threads: 1 });
  };
  const generation = { numAnswers: 2, maxNewTokens: 4 };
  const replies = { ...run, numRounds: 1, evaluateEvery: 1, strategy: fedAvg.defaults, generation } as RunSettings;
  await serve({
    presets: { mine: replies },
    preset: "mine",
    flags: {
      host: "127.0.0.1",
      port: 0,
      dataDir,
      pagesDir: null,
      publicDir: join(folder.path, "public"),
      logLevel: "silent",
      runId: "mine",
    },
    numClasses: () => null,
    isOver: "whenDone",
    print,
    numAnswers: 10,
    report: async () => ({ metric: "rougeL" }),
    computeCommand: [join(project, "apps/cli/bin/tutti.mjs"), "compute", "--quiet", "--keep", join(folder.path, "kept")],
  });
  expect(lines.some((line) => line.includes("answers some messages for the report"))).toBe(true);
  const [record] = experimentResultSchema.parse(JSON.parse(readFileSync(join(dataDir, "mine/results.json"), "utf8"))).runs;
  expect([record?.metric, record?.steps?.map(({ kind }) => kind)]).toEqual(["rougeL", ["train", "evaluate", "answers"]]);
  const answers = shownAnswers(record?.steps ?? []) ?? [];
  const test8 = readFileSync(join(folder.path, "public/datasets/replies/test.jsonl"), "utf8").trim().split("\n");
  expect(answers.map(({ prompt }) => prompt)).toEqual(test8.map((line) => JSON.parse(line).text)); // no more than there are
  const html = readFileSync(join(dataDir, "mine/report.html"), "utf8");
  expect(html).toContain('id="answers"');
  expect(record?.final.global?.text).toMatchObject({ numExamples: 8, numGenerated: 2 });
});

test("without a token the command says where to find one", async () => {
  vi.stubEnv("TUTTI_COMPUTE_TOKEN", undefined);
  const words = ["compute", "--join", "http://127.0.0.1:9"];
  await expect(createProgram().parseAsync(words, { from: "user" })).rejects.toThrow(
    "no token: give --token with what `tutti serve` printed",
  );
  vi.unstubAllEnvs();
});

test("--proxy is refused for prompts of a run without a large model, with what to do", async () => {
  const path = join(folder.path, "prompts.safetensors");
  const { writePromptsFile } = await import("@tutti/model");
  const { tunedEntries, initialParams, createRandom } = await import("@tutti/core");
  const { readBackboneSizes } = await import("@tutti/server");
  const params = initialParams(tunedEntries(readBackboneSizes(join(project, "public"), "etude"), run.tuning, null), createRandom(1));
  const write = (settings: RunSettings) => writeFileSync(path, writePromptsFile({ runId: "mine", settings, params }));
  const asked = (...words: string[]) => createProgram().parseAsync(["predict", "--prompts", path, ...words, "Too late"], { from: "user" });
  write({ ...run, strategy: { name: "fedAvg", fineTuneEpochs: 0 } });
  await expect(asked("--proxy", "0.7")).rejects.toThrow("--proxy needs a run with a large model");
  write(run);
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  await asked("--proxy", "0.7", "--max-tokens", "4", "--json").finally(() => log.mockRestore());
  const { text, answer } = JSON.parse(lines[0] ?? "{}");
  expect(text).toBe("Too late");
  expect(answer.length).toBeGreaterThan(0);
});

test("a compute client that a coordinator's process started ends when that process is killed", async () => {
  const program = join(project, "apps/cli/bin/tutti.mjs");
  const parent = `import { spawn } from "node:child_process";
    const child = spawn(process.execPath, [${JSON.stringify(program)}, "compute", "--quiet", "--join", process.argv[1]], {
      stdio: ["ignore", "ignore", "ignore", "ipc"], detached: true, env: { ...process.env, TUTTI_COMPUTE_TOKEN: "a-token" } });
    console.log(child.pid); setInterval(() => {}, 1000);`;
  const server = createServer((_, response) => void setTimeout(() => response.end("{}"), 60_000)); // an answer that never comes in time
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const started = spawn(process.execPath, ["--input-type=module", "--eval", parent, address], { stdio: ["ignore", "pipe", "ignore"] });
  const asked = once(server, "request");
  const [line] = await once(started.stdout, "data");
  const pid = Number(String(line).trim());
  await asked;
  expect(isAlive(pid)).toBe(true);
  started.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  server.closeAllConnections();
  server.close();
});
