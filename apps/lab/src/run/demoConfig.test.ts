import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { backendText, type DemoConfig, nameRun, readDemoConfig, sizeText, writeDemoConfig } from "./demoConfig.ts";
import { demoSettings } from "./demoSettings.ts";

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
  expect(await readFaulty(JSON.stringify({ numTabs: 2, run: { ...demoSettings({}), numRounds: 0, sed: 1 } }))).toBe(
    `${path} is not the configuration of a demo: run.numRounds: found 0, expected a whole number from 1 to 100000; run.sed: there is no setting of this name; did you mean run.seed?`,
  );
  folder.remove();
});

test("what is printed at the start counts tabs and threads, and warns of WebGPU in software", () => {
  expect(sizeText({ run: demoSettings({ devices: 4 }), numTabs: 1 })).toBe("4 devices in 1 tab");
  expect(backendText({ backend: "wasm", backendReason: "wasm, as asked", threads: 2, kernels: "plain" })).toBe(
    "wasm, as asked; 2 threads in each tab; plain kernels.",
  );
  expect(backendText({ backend: "webgpu", backendReason: "webgpu, as asked", threads: 2 })).toBe(
    "webgpu, as asked. On a machine without a GPU, Chromium runs WebGPU on the processor, many times slower than wasm.",
  );
});
