import { type FedPepTaoSettings, presets, type RunSettings } from "@tutti/core";
import { freePort, startKillable } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, expect, test } from "vitest";
import { startDevices } from "./testing/deviceProcess.ts";
import { tinySizes, writeTinyPublic } from "./testing/tinyPublic.ts";

const strategy = presets.demo.strategy as FedPepTaoSettings;
/** All three stages; each training round leaves one device out. */
const run: RunSettings = {
  ...presets.demo,

  backbone: "tiny",
  numDevices: 4,
  minDevices: 4,
  cohortSize: 3,
  numRounds: 2,
  evaluateEvery: 2,
  deadlineMs: null,
  quorum: 1,
  tuning: { ...presets.demo.tuning, promptTokens: 2 },
  training: { ...presets.demo.training, localEpochs: 1 },
  strategy: { ...strategy, countingRounds: 1, probeDevices: 1, lanczosSteps: 4, keepFraction: 0.34 },
};

const folder = temporaryFolder();
const closeables: (() => unknown)[] = [folder.remove];
afterAll(async () => {
  for (const close of closeables.reverse()) await close();
}, 20_000);

test("two rounds on the CPU backend end with the parameters that they have always ended with", async () => {
  await writeTinyPublic(folder.path);
  const options = {
    host: "127.0.0.1",
    port: await freePort(),
    dataDir: folder.path,
    pagesDir: null,
    publicDir: folder.path,
    runId: "golden",
    run,
    ...({ expectedClients: 1, logLevel: "error" } as const),
  };
  const coordinator = await startKillable({ options, sizes: tinySizes, numClasses: 4 });
  closeables.push(() => coordinator.stop());
  const devices = await startDevices({ url: coordinator.url, clientKey: "devices-of-golden", folder: `${folder.path}/devices` });
  closeables.push(() => devices.kill());
  const { parametersSha256 } = await coordinator.whenDone();
  expect(parametersSha256).toBe("7baa0b6822654d6153e02f56ec7b68100383295108d2d13b62616ee3db4e6725");
}, 60_000);
