import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { memoryStore, startCoordinator } from "@tutti/server";
import { tinyTuned } from "@tutti/server/testing";
import { afterEach, expect, test } from "vitest";
import { type FuzzedCoordinator, fuzzedOptions, runFuzzed } from "./fuzzedRun.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function startHere(run: RunSettings): Promise<FuzzedCoordinator> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-fuzzed-"));
  folders.push(folder);
  const places = { port: 0, dataDir: folder, publicDir: folder, runId: "fuzzed", writesRunFiles: false };
  const coordinator = await startCoordinator({ ...fuzzedOptions, ...places, run }, { store: memoryStore(), tuned: tinyTuned(run) });
  return {
    url: coordinator.url,
    whenDone: async () => (await coordinator.whenDone()).parametersSha256,
    exits: () => [],
    peakBytes: () => null,
    stop: () => coordinator.close(),
  };
}

test("hostile calls, packets, HTTP and changed submissions beside a run are answered with rules and change no parameter", async () => {
  const { signal } = new AbortController();
  const alone = await runFuzzed({ start: startHere, seed: 1, numCases: 0, signal });
  const beside = await runFuzzed({ start: startHere, seed: 1, numCases: 250, signal });
  expect(beside.faults).toEqual([]);
  expect(Object.keys(beside.numSent)).toHaveLength(4);
  expect(beside.parametersSha256).toBe(alone.parametersSha256);
}, 60_000);
