import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { presets, type RunSettings } from "@tutti/core";
import { readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSmallPublic } from "../testing/smallPublic.ts";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const bin = join(project, "apps/cli/bin/tutti.mjs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-replies-"));
  await makeSmallPublic(join(project, "public"), join(folder, "public"), { backbone: "etude", dataset: "replies", numLines: 24 });
});
afterAll(() => rm(folder, { recursive: true }));

const lora = {
  method: "lora",
  rank: 4,
  alpha: 8,
  head: "labelWords",
  lossOver: "labelWords",
  promptDropout: 0,
  positionsAfterPrefix: false,
};

const run: RunSettings = {
  ...presets.demo,
  backbone: "etude",
  task: "replies",
  numDevices: 2,
  minDevices: 2,
  cohortSize: 2,
  numRounds: 1,
  evaluateEvery: 1,
  deadlineMs: null,
  quorum: 1,
  partition: { kind: "iid" },
  generation: { numAnswers: 4, maxNewTokens: 5 },
  strategy: { name: "fedAvg", fineTuneEpochs: 0 },
  tuning: lora as RunSettings["tuning"],
  training: { ...presets.demo.training, localEpochs: 3, batchSize: 4, clientLearningRate: 0.01 },
};

test("devices of a client train small language models on replies, and the run's record holds the scores of their answers", async () => {
  const publicDir = join(folder, "public");
  const places = { dataDir: join(folder, "runs"), publicDir, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent" } as const;
  const tuned = tunedParameters(run, readBackboneSizes(publicDir, run.backbone), null);
  const coordinator = await startCoordinator({ ...places, run }, { tuned });
  const joined = promisify(execFile)(process.execPath, [
    bin,
    "join",
    coordinator.url,
    "--state",
    join(folder, "client"),
    "--backend",
    "wasm",
  ]);
  const { steps } = await coordinator.whenDone();
  await joined;
  await coordinator.close();
  const texts = steps.flatMap((step) => step.texts ?? []);
  const of = (protocol: string, split: string) => texts.find((record) => record.protocol === protocol && record.split === split);
  const [trained, untouched] = [of("global", "test"), of("zeroShot", "test")];
  expect(trained).toMatchObject({ numExamples: 24, numGenerated: 4, numDevices: 2, coverage: 1 });
  expect(of("global", "validation")).toMatchObject({ numExamples: 24, numGenerated: 0, rougeL: null });
  expect(untouched?.perplexityPerToken).toBeGreaterThan(100);
  expect(trained?.perplexityPerToken).toBeLessThan(0.8 * (untouched?.perplexityPerToken ?? 0));
  expect(trained?.perplexityPerByte).toBeLessThan(untouched?.perplexityPerByte ?? 0);
  for (const step of steps.filter(({ kind }) => kind === "train")) expect(step.lastLoss).toBeLessThan(step.firstLoss ?? 0);
}, 240_000);
