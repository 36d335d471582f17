import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, expect, test } from "vitest";
import { writeDemoConfig } from "../run/demoConfig.ts";
import { prepareFedPt, systemOfRun } from "./fedPtConfig.ts";

const folder = temporaryFolder();
const runsFolder = join(folder.path, "runs");
afterAll(() => folder.remove());

test("the options of the plain demo change what they name, and the rest is FedPT's own", async () => {
  const { config } = await prepareFedPt({ runsFolder, devices: 3, rounds: 2, seed: 7, tabs: 5, threads: 2, alpha: 0.5, rows: "all" });
  expect(config).toMatchObject({ system: "fedpt", rows: "all", numTabs: 3, threads: 2, backend: "wasm" });
  expect(config.run).toMatchObject({ numDevices: 3, cohortSize: 3, numRounds: 2, evaluateEvery: 2, seed: 7, task: "replies" });
  expect(config.run.partition).toEqual({ kind: "dirichletLabel", dirichletAlpha: 0.5 });
  expect(config.run.strategy).toMatchObject({ name: "fedPt", large: "concerto" });
  expect((await prepareFedPt({ runsFolder, backend: "auto", kernels: "plain" })).config).toMatchObject({ backend: null, kernels: "plain" });
});

test("a stopped demo is resumed with the configuration that it was begun with", async () => {
  const { config } = await prepareFedPt({ runsFolder, seed: 9, rows: "all" });
  mkdirSync(join(runsFolder, config.runId), { recursive: true });
  await writeDemoConfig(join(runsFolder, config.runId), { ...config, port: 4321 } as typeof config);
  expect((await prepareFedPt({ runsFolder, resumeRunId: config.runId })).config).toEqual({ ...config, port: 4321 });
  expect(systemOfRun(runsFolder, config.runId)).toBe("fedpt");
});

test("another demo's run, or none, is told, and a file that is no configuration is of no system", async () => {
  const plain = join(runsFolder, "plain");
  mkdirSync(plain, { recursive: true });
  const common = { runId: "plain", numTabs: 1, backend: null, backendReason: "", threads: 1, port: 0, run: presets.demo };
  await writeDemoConfig(plain, common);
  await expect(prepareFedPt({ runsFolder, resumeRunId: "plain" })).rejects.toThrow(
    "run plain is not a demo of FedPT: leave out --system to resume it",
  );
  await expect(prepareFedPt({ runsFolder, resumeRunId: "nowhere" })).rejects.toThrow("there is no run nowhere to resume");
  writeFileSync(join(plain, "config.json"), "{");
  expect([systemOfRun(runsFolder, "plain"), systemOfRun(runsFolder, "nowhere")]).toEqual([undefined, undefined]);
});

test("a small model that cannot answer, and a task of classes or of another name, are refused before anything starts", async () => {
  await expect(prepareFedPt({ runsFolder, backbone: "minuet" })).rejects.toThrow(
    /replies is answered with text, and backbone minuet \(roberta\) reads the whole text at once/,
  );
  await expect(prepareFedPt({ runsFolder, task: "topic" })).rejects.toThrow("FedPT's demo works with text tasks only");
  await expect(prepareFedPt({ runsFolder, task: "repleis" })).rejects.toThrow("repleis");
});
