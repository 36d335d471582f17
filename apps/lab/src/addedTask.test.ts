import { join } from "node:path";
import { presets, type RunSettings } from "@tutti/core";
import { freePort, startKillable } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDevices } from "./testing/deviceProcess.ts";
import { writeTickets } from "./testing/tickets.ts";
import { tinySizes, writeTinyPublic } from "./testing/tinyPublic.ts";

const folder = temporaryFolder();
beforeAll(async () => {
  await writeTinyPublic(folder.path);
  await writeTickets(join(folder.path, "datasets/tickets"));
}, 60_000);
afterAll(() => folder.remove());

test("a task that is not built in is learnt from its folder, and dealt out by owner", { timeout: 120_000 }, async () => {
  const run: RunSettings = {
    ...presets.demo,

    task: "tickets",
    backbone: "tiny",
    numDevices: 4,
    minDevices: 4,
    cohortSize: 2,
    numRounds: 1,
    evaluateEvery: 1,
    deadlineMs: null,
    partition: { kind: "byField" },
    training: { ...presets.demo.training, localEpochs: 1 },
    strategy: { name: "fedAvg", fineTuneEpochs: 0 },
  };
  const options = {
    host: "127.0.0.1",
    port: await freePort(),
    dataDir: join(folder.path, "runs"),
    pagesDir: null,
    publicDir: folder.path,
    run,
    ...({ runId: "tickets", expectedClients: 1, homeless: "leave", logLevel: "error" } as const),
  };
  const coordinator = await startKillable({ options, sizes: tinySizes, numClasses: 3 });
  const devices = await startDevices({ url: coordinator.url, clientKey: "tickets".padEnd(16, "-"), folder: join(folder.path, "devices") });
  try {
    const { steps } = await coordinator.whenDone();
    expect(steps.length).toBeGreaterThan(1);
    const problems = devices.messages.filter(({ kind }) => kind === "problem");
    expect(problems).toEqual([]);
  } finally {
    await devices.kill();
    await coordinator.stop();
  }
});
