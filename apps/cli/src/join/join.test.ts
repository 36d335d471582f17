import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { methods, presets, type RunSettings } from "@tutti/core";
import { readShareSizes } from "@tutti/data/node";
import { type CoordinatorOptions, readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSmallPublic } from "../testing/smallPublic.ts";
import { askCoordinator } from "./askCoordinator.ts";
import { deviceText } from "./sentences.ts";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const bin = join(project, "apps/cli/bin/tutti.mjs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-join-"));
  await makeSmallPublic(join(project, "public"), join(folder, "public"), { backbone: "minuet", dataset: "feedback", numLines: 40 });
});
afterAll(() => rm(folder, { recursive: true }));

const base: RunSettings = {
  ...presets.demo,
  numDevices: 2,
  minDevices: 2,
  cohortSize: 2,
  numRounds: 1,
  evaluateEvery: 1,
  deadlineMs: null,
  quorum: 1,
  partition: { kind: "iid" },
  strategy: { name: "fedAvg", fineTuneEpochs: 0 },
  training: { ...presets.demo.training, localEpochs: 1 },
};

async function serve(name: string, run: RunSettings, options: Partial<CoordinatorOptions> = {}) {
  const publicDir = join(folder, "public");
  const shareSizes = await readShareSizes(publicDir, run);
  const places = { dataDir: join(folder, name), publicDir, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent" } as const;
  return startCoordinator(
    { ...places, ...options, run },
    { tuned: tunedParameters(run, readBackboneSizes(publicDir, run.backbone), 4), shareSizes },
  );
}

interface Client {
  readonly child: ChildProcess;
  /** Everything that it has said so far, on both streams. */
  said(): string;
  /** Resolves once it has said something like this. */
  says(pattern: RegExp): Promise<void>;
  readonly code: Promise<number | null>;
}

function tuttiJoin(url: string, state: string, ...more: readonly string[]): Client {
  const child = spawn(process.execPath, [bin, "join", url, "--state", join(folder, state), ...more], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (part: Buffer) => {
      text += part.toString("utf8");
      child.emit("said");
    });
  }
  const code = once(child, "close").then(([exitCode]) => exitCode as number | null);
  return {
    child,
    code,
    said: () => text,
    async says(pattern) {
      while (!pattern.test(text)) {
        await Promise.race([once(child, "said"), code.then(() => Promise.reject(new Error(`it ended after: ${text}`)))]);
      }
    },
  };
}

test("a run that has no clients but two `tutti join` goes to its end, and lets nobody in who computes forward passes alone (P-250)", async () => {
  const coordinator = await serve("alone", base);
  const small = tuttiJoin(coordinator.url, "small", "--backend", "wasm", "--forward-only");
  expect(await small.code).toBe(1);
  expect(small.said()).toMatch(/does not let you in \(P-250: a backward pass does not fit this device, .*strategy\.forwardTier\)/);
  const clients = ["a", "b"].map((state) => tuttiJoin(coordinator.url, state, "--backend", "wasm"));
  const { steps } = await coordinator.whenDone();
  // the coordinator is still up, as `tutti serve` is
  expect(await Promise.all(clients.map(({ code }) => code)), clients.map(({ said }) => said()).join("\n")).toEqual([0, 0]);
  const leaving = tuttiJoin(coordinator.url, "a", "--delete");
  expect(await leaving.code, leaving.said()).toBe(0);
  expect(leaving.said()).toMatch(
    /Deleted at the coordinator: 1 private state, 0 control variates, 0 contributions not yet summed, key and name; .*\. 2 contributions of its devices were summed before: they are part of the model, and cannot be taken out\n$/,
  );
  await coordinator.close();
  const tested = steps.flatMap(({ evaluations }) => evaluations);
  expect(tested.find(({ split, protocol }) => split === "test" && protocol === "global")?.numExamples).toBe(40);
  const devices = clients.map((client) => /trains on the 2\d texts of device (\d)/.exec(client.said())?.[1]);
  expect(devices.sort()).toEqual(["0", "1"]);
  for (const { said } of clients) expect(said().split("\n")[1]).toBe(deviceText);
  for (const { said } of clients)
    expect(said()).toMatch(/run \S+ is over: 2 tasks \(1 training, 1 evaluating\), \d[\d.]+ kB sent, \d[\d.]+ kB received\n$/);
}, 240_000);

test("a run that plans is told what `tutti join` is given by hand or simulates, and plans for each", async () => {
  const planned = methods.fedPipe.settings({ ...base, numRounds: 2, evaluateEvery: 2 });
  const run: RunSettings = { ...planned, strategy: { ...planned.strategy, roundSeconds: 600, bits: [] } as RunSettings["strategy"] };
  const coordinator = await serve("planned", run);
  const machine = { flopsPerSecond: 3e9, memoryBytes: 2e8, bytesPerSecond: 4e5 };
  await writeFile(join(folder, "machine.json"), JSON.stringify(machine));
  const told = tuttiJoin(coordinator.url, "told", "--backend", "wasm", "--memory", "300", "--link", "500");
  const simulating = tuttiJoin(coordinator.url, "simulating", "--backend", "wasm", "--machine", join(folder, "machine.json"));
  await coordinator.whenDone();
  expect(await Promise.all([told.code, simulating.code]), `${told.said()}\n${simulating.said()}`).toEqual([0, 0]);
  expect(told.said()).toContain("it is told that training may use 300 MB, a link of 500 kB/s, and how fast a matrix product is");
  const machines = coordinator.status().plans?.map((plan) => plan.machine) ?? [];
  await coordinator.close();
  expect(machines).toHaveLength(2);
  expect(machines).toContainEqual(machine);
  const { flopsPerSecond, ...claimed } = machines.find(({ memoryBytes }) => memoryBytes === 3e8) ?? machine;
  expect(claimed).toEqual({ memoryBytes: 3e8, bytesPerSecond: 5e5 });
  expect(flopsPerSecond).toBeGreaterThan(1e8); // measured
}, 240_000);

test("a client with its own examples leaves at Ctrl-C and comes back with its device; another one is refused, and says why", async () => {
  const open: RunSettings = { ...base, roster: "open", minDevices: 1, maxDevices: 1, cohortSize: 1, numRounds: 5000, evaluateEvery: 5000 };
  const coordinator = await serve("open", open, { https: "self" });
  await expect(askCoordinator(coordinator.url)).rejects.toThrow(
    /^https:\S+: its certificate is self-signed and not known here: give --ca FILE, .*--insecure/,
  );
  const data = join(folder, "mine.csv");
  await writeFile(data, `text,label\n${Array.from({ length: 12 }, (_, i) => `my parcel ${i} is late,delivery`).join("\n")}\n`);
  const own = ["--data", data, "--backend", "wasm"];

  const first = tuttiJoin(coordinator.url, "mine", "--ca", join(folder, "open/coordinator/certificate.pem"), ...own);
  await first.says(/trains on the 12 texts of device 0/);
  const late = tuttiJoin(coordinator.url, "late", "--insecure");
  expect(await late.code).toBe(1);
  expect(late.said()).toMatch(/tutti: The coordinator does not let you in \(P-\d+: .*\)/);

  first.child.kill("SIGINT");
  expect(await first.code, first.said()).toBe(130);
  expect(first.said()).toMatch(/left run \S+: \d+ tasks?( \(\d+ training\))?, .*; the same command goes on with the same devices\n$/);
  await expect.poll(() => coordinator.clients().filter(({ isConnected }) => isConnected), { timeout: 20_000 }).toEqual([]);
  const again = tuttiJoin(coordinator.url, "mine", "--insecure", ...own);
  await again.says(/trains on the 12 texts of device 0/);
  expect(again.said()).not.toContain("starts again from the shared prompts");
  again.child.kill("SIGTERM");
  expect(await again.code, again.said()).toBe(143);
  await coordinator.close();
}, 240_000);
