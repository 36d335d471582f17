import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceRecord } from "@tutti/client";
import { folderStore } from "@tutti/client/node";
import { createRandom, type FedPepTaoSettings, presets, type RunSettings } from "@tutti/core";
import { experimentResultSchema } from "@tutti/record";
import { type ChildMessage, freePort, type KillableCoordinator, startKillable } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type DeviceProcess, type DeviceProcessMessage, startDevices } from "./testing/deviceProcess.ts";
import { tinySizes, writeTinyPublic } from "./testing/tinyPublic.ts";

const strategy = presets.demo.strategy as FedPepTaoSettings;
/** All three stages; layers outside the selected ones stay on the devices, with moments that go on from task to task. */
const run: RunSettings = {
  ...presets.demo,

  backbone: "tiny",
  numDevices: 4,
  minDevices: 4,
  cohortSize: 3,
  numRounds: 4,
  evaluateEvery: 3,
  deadlineMs: null,
  quorum: 1,
  partition: { kind: "iid" },
  tuning: { ...presets.demo.tuning, promptTokens: 2 },
  training: { ...presets.demo.training, localEpochs: 1, resetMoments: false },
  strategy: { ...strategy, countingRounds: 1, probeDevices: 1, lanczosSteps: 4, keepFraction: 0.34 },
};
const runId = "real";
const names = ["a", "b"] as const;

const publicFolder = temporaryFolder();
const closeables: (() => unknown)[] = [];
let calm: Ending;
/** The files of the calm run's report, by name. */
let calmReport: ReadonlyMap<string, string>;

/** All that a run leaves behind. */
interface Ending {
  readonly steps: readonly string[];
  readonly parametersSha256: string;
  /** Every device's record: local layers, moments, counter and version. */
  readonly records: readonly DeviceRecord[];
  /** What the trainers did, in alphabetical order. */
  readonly work: readonly string[];
}

interface Ensemble {
  /** The run's. */
  readonly folder: string;
  readonly coordinator: KillableCoordinator;
  readonly devices: Record<(typeof names)[number], DeviceProcess>;
  restartDevices(name: (typeof names)[number]): Promise<DeviceProcess>;
  ending(): Promise<Ending>;
  /** What all processes of devices have said. */
  said(): readonly DeviceProcessMessage[];
}

async function start(holdAfterPending?: number, reports: { readonly reportEveryMs?: number } = {}): Promise<Ensemble> {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const port = await freePort();
  const options = {
    host: "127.0.0.1",
    port,
    dataDir: folder.path,
    pagesDir: null,
    publicDir: publicFolder.path,
    runId,
    run,
    ...({ expectedClients: 2, homeless: "leave", logLevel: "error" } as const),
  };
  const coordinator = await startKillable({ options, sizes: tinySizes, numClasses: 4, ...reports });
  closeables.push(() => coordinator.stop());
  const processes: DeviceProcess[] = [];
  const storeOf = (name: string) => join(folder.path, `devices-${name}`);
  const startOne = async (name: string, hold: object = {}) => {
    const started = await startDevices({
      url: coordinator.url,
      clientKey: `devices-${name}`.padEnd(16, "-"),
      folder: storeOf(name),
      ...hold,
    });
    closeables.push(() => started.kill());
    processes.push(started);
    return started;
  };
  const a = await startOne("a", holdAfterPending === undefined ? {} : { holdAfterPending });
  // Devices are dealt in order of arrival.
  await a.when("decision");
  const devices = { a, b: await startOne("b") };
  const said = () => processes.flatMap(({ messages }) => messages);
  return {
    folder: join(folder.path, runId),
    coordinator,
    devices,
    said,
    restartDevices: (name) => startOne(name),
    async ending() {
      const { steps, parametersSha256 } = await coordinator.whenDone();
      const records = await vi.waitFor(
        async () => {
          const found = await Promise.all(names.map((name) => folderStore(storeOf(name)).list(runId)));
          if (found.flat().some(({ pending }) => pending !== null)) throw new Error("the last answer is still under way");
          return found;
        },
        { interval: 20, timeout: 10_000 },
      );
      const work = said().flatMap((message) => (message.kind === "performed" ? [message.work] : []));
      return { steps, parametersSha256, records: records.flat().sort((x, y) => x.deviceId - y.deviceId), work: work.sort() };
    },
  };
}

/** Tasks that a client began again after it was told that they count. */
function askedAgain(messages: readonly DeviceProcessMessage[]): string[] {
  const counted = new Set<string>();
  return messages.flatMap((message) => {
    if (message.kind === "ended" && ["accepted", "duplicate"].includes(message.outcome)) counted.add(message.taskId);
    return message.kind === "started" && counted.has(message.taskId) ? [message.taskId] : [];
  });
}

const problems = (messages: readonly DeviceProcessMessage[]) => messages.filter(({ kind }) => kind === "problem" || kind === "over");

async function closeAll(): Promise<void> {
  for (const close of closeables.splice(0).reverse()) await close();
}

beforeAll(async () => {
  await writeTinyPublic(publicFolder.path);
  const ensemble = await start(undefined, { reportEveryMs: 100 });
  calm = await ensemble.ending();
  const files = ["report.html", "results.json", "results.csv"];
  calmReport = new Map(await Promise.all(files.map(async (name) => [name, await readFile(join(ensemble.folder, name), "utf8")] as const)));
  await closeAll();
}, 90_000);
afterEach(closeAll, 20_000);
afterAll(publicFolder.remove);

test("a calm run trains on every device, keeps layers on them and lets their moments go on", () => {
  expect(calm.records.map(({ deviceId }) => deviceId)).toEqual([0, 1, 2, 3]);
  for (const { state, pending } of calm.records) {
    expect(pending).toBeNull();
    expect(Object.keys(state?.local ?? {}).length).toBeGreaterThan(0);
    expect(state?.moments?.step).toBeGreaterThan(2);
  }
  expect(new Set(calm.work).size).toBe(calm.work.length);
});

test("a calm run leaves a report with what every real device reaches on its own examples", () => {
  const { runs } = experimentResultSchema.parse(JSON.parse(calmReport.get("results.json") ?? ""));
  const [record] = runs;
  expect(record?.steps?.length).toBe(calm.steps.length);
  expect(record?.position).toBeUndefined();
  const spread = record?.final.personalised?.spread;
  expect(spread?.numDevices).toBe(4);
  expect(spread?.worstTenthAccuracy).toBeLessThanOrEqual(spread?.meanAccuracy ?? -1);
  expect(spread?.worstTenthLoss).toBeGreaterThanOrEqual(spread?.meanLoss ?? Number.POSITIVE_INFINITY);
  expect(calmReport.get("report.html")).toContain("worst tenth");
  expect(calmReport.get("results.csv")?.split("\r\n")[0]).toContain("worst_tenth_accuracy");
});

test("a coordinator killed at five seeded instants goes on in its round: real devices work on nothing twice and end with the same bits", async () => {
  const { coordinator, said, ending } = await start();
  const numMessages = calm.steps.reduce((sum, step) => sum + 2 + step.split(",").length, 0);
  const random = createRandom(5).stream({ purpose: "kills" });
  const instants = random.shuffle(Array.from({ length: numMessages - 2 }, (_, i) => i + 1)).slice(0, 5);
  instants.sort((x, y) => x - y);
  let numSeen = coordinator.messages.filter(({ kind }) => kind !== "listening").length;
  let numRestarts = 0;
  let restarting: Promise<void> | null = null;
  coordinator.onMessage((message: ChildMessage) => {
    if (message.kind === "listening") return;
    numSeen += 1;
    if (restarting !== null || instants[0] === undefined || numSeen < instants[0]) return;
    instants.shift();
    // Between two events as well as at one.
    restarting = new Promise((resolve) => setTimeout(resolve, random.integer(2) * random.integer(30)))
      .then(() => coordinator.killAndRestart())
      .then(() => {
        numRestarts += 1;
        restarting = null;
      });
  });
  const end = await ending();
  await restarting;
  expect(numRestarts).toBe(5);
  expect(problems(said())).toEqual([]);
  expect(askedAgain(said())).toEqual([]);
  expect(end).toEqual(calm);
}, 90_000);

test("devices killed between writing their contribution and sending it send it when they are back, and train nothing twice", async () => {
  // Of client a's tasks: two scores, then training; the fifth falls into the middle of the run.
  const { devices, restartDevices, ending, said } = await start(5);
  const { taskId } = await devices.a.when("holding");
  await devices.a.kill();
  const back = await restartDevices("a");
  const end = await ending();
  expect(askedAgain(said())).toEqual([]);
  expect(back.messages).toContainEqual({ kind: "decision", deviceId: expect.any(Number), decision: "keep" });
  expect(back.messages).not.toContainEqual({ kind: "started", taskId });
  expect(end).toEqual(calm);
}, 60_000);
