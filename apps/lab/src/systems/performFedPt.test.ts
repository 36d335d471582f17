import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { tunings } from "@tutti/core";
import { projectFolder, publicFolder } from "@tutti/server/checkout";
import type { Display } from "@tutti/terminal";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openNodeClients } from "../drive/nodeClients.ts";
import { Stopped } from "../run/signals.ts";
import { prepareFedPt } from "./fedPtConfig.ts";
import { type FinishedRun, performFedPt } from "./performFedPt.ts";

vi.setConfig({ testTimeout: 180_000 });

const folder = temporaryFolder();
const [publicDir, runsFolder] = [join(folder.path, "public"), join(folder.path, "runs")];
afterAll(() => folder.remove());

/** The built-in backbones, and few rows of the replies, which take less time. */
beforeAll(() => {
  const rows = { train: 64, validation: 4, test: 8 };
  mkdirSync(join(publicDir, "datasets/replies"), { recursive: true });
  symlinkSync(join(publicFolder(), "backbones"), join(publicDir, "backbones"));
  for (const [split, numRows] of Object.entries(rows)) {
    const lines = readFileSync(join(publicFolder(), `datasets/replies/${split}.jsonl`), "utf8").split("\n");
    writeFileSync(join(publicDir, `datasets/replies/${split}.jsonl`), `${lines.slice(0, numRows).join("\n")}\n`);
  }
});

const silent: Display = { say: () => undefined, show: () => undefined, showClosed: () => undefined, end: () => undefined };

/** Runs a small FedPT with a client in Node, or goes on with it. */
async function perform(runId: string, isResumed: boolean, signal = new AbortController().signal): Promise<FinishedRun> {
  const options = { runsFolder, public: publicDir, devices: 2, rounds: 3, tabs: 1, threads: 1 };
  const fresh = await prepareFedPt(options);
  const tuning = { ...fresh.config.run.tuning, ...tunings.lora.defaults, rank: 2 };
  const training = { ...fresh.config.run.training, localEpochs: 1 };
  const strategy = { ...fresh.config.run.strategy, distillSteps: 2 };
  const config = { ...fresh.config, runId, run: { ...fresh.config.run, tuning, training, strategy } };
  const prepared = isResumed ? await prepareFedPt({ runsFolder, public: publicDir, resumeRunId: runId }) : { ...fresh, config };
  return performFedPt(
    {
      prepared,
      folder: join(runsFolder, runId),
      display: silent,
      pagesDir: publicDir,
      openClients: () => openNodeClients(1, () => undefined),
      computeCommand: [join(projectFolder, "apps/cli/bin/tutti.mjs"), "compute", "--quiet", "--keep", join(folder.path, "kept")],
      signal,
    },
    "fedpt",
  );
}

/** Resolves when a run has closed a step of this kind. */
async function whenClosed(runId: string, kind: string): Promise<void> {
  const path = join(runsFolder, runId, "rounds.jsonl");
  while (!existsSync(path) || !readFileSync(path, "utf8").includes(`"kind":"${kind}"`)) await setTimeout(50);
}

test("a demo that is stopped in the middle of a distillation is resumed from its folder, and ends with the same bits", async () => {
  const stop = new AbortController();
  const stopped = perform("stopped", false, stop.signal);
  await Promise.race([whenClosed("stopped", "logits"), stopped]);
  stop.abort(new Stopped("SIGINT"));
  await expect(stopped).rejects.toThrow(Stopped);
  const [calm, resumed] = [await perform("calm", false), await perform("stopped", true)];
  expect(resumed.params).toEqual(calm.params);
  const told = ({ steps }: FinishedRun) => steps.map(({ round, kind, computed, lastLoss }) => ({ round, kind, computed, lastLoss }));
  expect(told(resumed)).toEqual(told(calm));
  expect(calm.steps.map(({ kind }) => kind)).toEqual(["train", "logits", "distil", "train", "distil", "train", "evaluate"]);
  expect(calm.cost.perDeviceRound.up).toBeGreaterThan(1000);
  if (existsSync("/proc/self/status")) expect(calm.cost.peak.compute).toBeGreaterThan(50e6);
});
