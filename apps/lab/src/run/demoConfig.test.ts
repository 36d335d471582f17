import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import {
  backendText,
  type DemoConfig,
  demoSettings,
  nameRun,
  readDemoConfig,
  sizeText,
  tabAddress,
  writeDemoConfig,
} from "./demoConfig.ts";

test("without options the demo is the preset", () => {
  expect(demoSettings({ runsFolder: "runs" })).toEqual(presets.demo);
});

test("options change what they name, and a cohort never exceeds the devices", () => {
  const settings = demoSettings({ runsFolder: "runs", devices: 4, rounds: 3, task: "sentiment", alpha: 0.5, seed: 7 });
  expect(settings).toMatchObject({ numDevices: 4, cohortSize: 4, minDevices: 4, numRounds: 3, task: "feedback/sentiment", seed: 7 });
  expect(settings.partition).toEqual({ kind: "dirichletLabel", dirichletAlpha: 0.5 });
});

test("a run is named after its start and its task", () => {
  expect(nameRun(new Date("2026-01-02T03:04:05.678Z"), "feedback/topic")).toBe("20260102-030405-topic");
});

test("a configuration is read as it was written, and a missing one is a sentence", async () => {
  const runs = await mkdtemp(join(tmpdir(), "tutti-config-"));
  const config: DemoConfig = {
    runId: "r1",
    numTabs: 2,
    backend: "wasm",
    backendReason: "as asked",
    threads: 1,
    port: 4321,
    run: presets.demo,
  };
  await mkdir(join(runs, "r1"));
  await writeDemoConfig(join(runs, "r1"), config);
  expect(await readDemoConfig(runs, "r1")).toEqual(config);
  await expect(readDemoConfig(runs, "r2")).rejects.toThrow("there is no run r2 to resume");
});

test("a configuration that is none is told with every fault of its run", async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, "mine", "config.json");
  await mkdir(join(folder.path, "mine"));
  const readFaulty = async (text: string) => {
    await writeFile(path, text);
    return readDemoConfig(folder.path, "mine").then(
      () => "",
      (error: Error) => error.message,
    );
  };
  expect(await readFaulty("{")).toBe(`${path} is not the configuration of a demo`);
  expect(await readFaulty(JSON.stringify({ numTabs: 2, run: { ...demoSettings({ runsFolder: "x" }), numRounds: 0, sed: 1 } }))).toBe(
    `${path} is not the configuration of a demo: run.numRounds: found 0, expected a whole number from 1 to 100000; run.sed: there is no setting of this name; did you mean run.seed?`,
  );
  folder.remove();
});

test("tabs that compute as they were told, however slowly, have time to", () => {
  const { deadlineMs } = presets.demo;
  expect(demoSettings({ runsFolder: "runs", backend: "wasm" }).deadlineMs).toBe(deadlineMs);
  expect(demoSettings({ runsFolder: "runs", backend: "webgpu" }).deadlineMs).toBe(20 * (deadlineMs ?? 0));
  expect(demoSettings({ runsFolder: "runs", kernels: "plain" }).deadlineMs).toBe(20 * (deadlineMs ?? 0));
});

test("what is printed at the start counts tabs and threads, and warns of WebGPU in software", () => {
  expect(sizeText({ run: demoSettings({ runsFolder: "runs", devices: 4 }), numTabs: 1 })).toBe("4 devices in 1 tab");
  expect(backendText({ backend: "wasm", backendReason: "wasm, as asked", threads: 2, kernels: "plain" })).toBe(
    "wasm, as asked; 2 threads in each tab; plain kernels.",
  );
  expect(backendText({ backend: "webgpu", backendReason: "webgpu, as asked", threads: 2 })).toBe(
    "webgpu, as asked. On a machine without a GPU Chromium computes it in software, many times slower than wasm.",
  );
});

test("a tab's address names the kernels only where plain ones are asked for", () => {
  expect(tabAddress("http://127.0.0.1:81", { threads: 2 }, "wasm")).toBe("http://127.0.0.1:81/?auto=1&backend=wasm&threads=2");
  expect(tabAddress("http://127.0.0.1:81", { threads: 1, kernels: "plain" }, "auto")).toMatch(/&kernels=plain$/);
});
