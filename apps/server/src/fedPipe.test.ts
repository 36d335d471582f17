import { type ClientProfile, methods, type RunSettings, tunings } from "@tutti/core";
import type { Submit } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { readRun } from "./journal/readRun.ts";
import { newClient } from "./testing/keptClient.ts";
import { freePort, startKillable } from "./testing/killHarness.ts";
import { joinAsClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { temporaryFolder } from "./testing/startTest.ts";
import { tinyRun } from "./testing/tinyRun.ts";
import { readBackboneSizes, tunedParameters } from "./tuned.ts";

const scene = createScene();
const closeables: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

const publicDir = new URL("../../../public", import.meta.url).pathname;
const sizes = readBackboneSizes(publicDir, "minuet");
const numRounds = 4;
const base = tinyRun({ backbone: "minuet", numDevices: 3, minDevices: 3, cohortSize: 3, numRounds, evaluateEvery: 2, quorum: 1 });
const planned = methods.fedPipe.settings(base);
const run: RunSettings = {
  ...planned,
  tuning: { ...tunings.lora.defaults, rank: 4, promptDropout: 0, positionsAfterPrefix: false, head: "linear", lossOver: "labelWords" },
  strategy: { ...planned.strategy, ranks: [1, 2, 4], warmupRank: 2, roundSeconds: 10, bits: [16, 8, 4] } as RunSettings["strategy"],
};
const tuned = tunedParameters(run, sizes, 3);

const strong: ClientProfile = { flopsPerSecond: 1e10, memoryBytes: 1e9, bytesPerSecond: 1e7 };
const onSlowLink: ClientProfile = { flopsPerSecond: 1e10, memoryBytes: 2e8, bytesPerSecond: 15_000 };
const slow: ClientProfile = { flopsPerSecond: 1e6, memoryBytes: 2e8, bytesPerSecond: 1e7 };
const machines = [strong, onSlowLink, { ...strong, memoryBytes: 3e8 }];

type Trained = Submit & { readonly header: { readonly kind: "train" } };

test("scores of matrices that were not asked for, are missing, below 0 or no numbers are refused, and the device may send others (P-45)", async () => {
  const coordinator = await scene.start(run, { publicDir, expectedClients: 3 }, { tuned });
  const watching = ["a", "b", "c"].map((name, i) => scene.join(coordinator, name, { onTask: () => false, machine: machines[i] ?? strong }));
  const [a] = watching;
  if (a === undefined) throw new Error("no client");
  const { lease } = await a.when("task");
  const right = (await a.prepare(lease)) as Trained;
  const scores = right.header.matrixScores ?? {};
  const [first = "", ...others] = Object.keys(scores);
  expect(first).toBe("lora/0/query/b");
  const send = (matrixScores: unknown) => a.call("submit", { ...right, header: { ...right.header, matrixScores } } as Submit);
  const without = Object.fromEntries(others.map((name) => [name, scores[name]]));
  const refused: [unknown, string, RegExp][] = [
    [undefined, "P-45", /matrixScores: are missing/],
    [without, "P-45", /matrixScores: lora\/0\/query\/b is missing/],
    [{ ...scores, "lora/0/query/a": 1 }, "P-45", /lora\/0\/query\/a is not a matrix of this task, whose matrices are lora\/0\/query\/b, /],
    [{ ...scores, [first]: -0.5 }, "P-3", /matrixScores/],
    [{ ...scores, [first]: Number.NaN }, "P-3", /matrixScores/], // null on the wire
    [{ ...scores, [first]: "much" }, "P-3", /matrixScores/],
  ];
  for (const [wrong, rule, message] of refused)
    expect(await send(wrong), String(message)).toMatchObject({ ok: false, rule, message: expect.stringMatching(message) });
  expect(await send(scores)).toMatchObject({ ok: true, value: { outcome: "accepted" } });
});

test("profile and plan of each client are in the status while the round goes, and sent again only when there are others", async () => {
  const coordinator = await scene.start(run, { publicDir, expectedClients: 3 }, { tuned });
  const clients = ["a", "b", "c"].map((name, i) => scene.join(coordinator, name, { machine: machines[i] ?? strong }));
  await coordinator.when("planned", ({ plan }) => plan.round === 2);
  const { plans } = coordinator.status();
  expect(plans?.map(({ deviceId, round, bits, machine }) => [deviceId, round, bits, machine])).toEqual([
    [0, 2, 16, strong],
    [1, 2, 4, onSlowLink],
    [2, 2, 16, machines[2]],
  ]);
  const told = await clients[0]?.when("status", ({ status }) => status.plans?.[0]?.round === 2);
  expect(told?.status.plans).toEqual(plans);
  await coordinator.whenDone();
  const statuses = clients[0]?.events.flatMap((event) => (event.kind === "status" ? [event.status] : [])) ?? [];
  const withPlans = statuses.filter((status) => status.plans !== undefined).length;
  expect(withPlans).toBeLessThan(statuses.length); // the same plans are not sent again
});

test("a device that no plan fits is left out with a sentence, and comes back with another profile when its client connects again", async () => {
  const coordinator = await scene.start(
    { ...run, minDevices: 2, quorum: 0.5 },
    { publicDir, expectedClients: 3, homeless: "leave" },
    { tuned },
  );
  const hold = { isOver: false };
  const onTask = () => !hold.isOver;
  const [, , c] = ["a", "b", "c"].map((name, i) =>
    scene.join(coordinator, name, { onTask, machine: [strong, onSlowLink, slow][i] ?? strong }),
  );
  const { plan } = await coordinator.when("planned", (event) => event.plan.round === 2);
  expect(plan.tasks.map(({ deviceId }) => deviceId)).toEqual([0, 1]);
  expect(plan.leftOut).toEqual([
    {
      deviceId: 2,
      reason: expect.stringMatching(/^the smallest plan takes .* a round on this machine .* raise roundSeconds$/),
      lack: { of: "roundTime", needed: expect.any(Number), available: expect.any(Number) },
    },
  ]);
  expect(coordinator.status().leftOut).toEqual(plan.leftOut);
  c?.close();
  const again = scene.join(coordinator, "c", { kept: c?.kept ?? newClient("c"), machine: onSlowLink });
  const { welcome } = await again.when("welcome");
  expect(welcome.urls.backbone).toContain("minuet-nf4");
  const later = await coordinator.when("planned", (event) =>
    event.plan.tasks.some(({ plan: own }) => own?.machine.bytesPerSecond === 15_000 && event.plan.tasks.length === 3),
  );
  expect(later.plan.tasks.find(({ deviceId }) => deviceId === 2)?.plan).toMatchObject({ bits: 4, machine: onSlowLink });
  expect(later.plan.leftOut).toBeUndefined();
  await coordinator.whenDone();
});

/** A run in another process, with a client for each machine. */
async function startProcess() {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const options = {
    host: "127.0.0.1",
    port: await freePort(),
    dataDir: folder.path,
    pagesDir: null,
    publicDir,
    runId: "killed",
    expectedClients: 3,
    logLevel: "error",
    run,
  } as const;
  const coordinator = await startKillable({ options, sizes, numClasses: 3 });
  closeables.push(() => coordinator.stop());
  for (const [i, machine] of machines.entries()) {
    const client = joinAsClient({ url: coordinator.url, kept: newClient(`client-${i}`), machine });
    closeables.push(() => client.close());
    await client.when("welcome");
  }
  return { coordinator, plans: async () => (await readRun(folder.path, "killed")).summary?.plans };
}

test("a run that is killed after its warm-up, in the middle of a planned round, goes on with the plans and profiles that are journalled and ends with the same bits", async () => {
  const calm = await startProcess();
  const expected = await calm.coordinator.whenDone();
  await calm.coordinator.stop();
  const { coordinator, plans } = await startProcess();
  const kills = ["train 2.1.1", "train 3.1.1"];
  let at = "";
  let restarting: Promise<void> | null = null;
  let numRestarts = 0;
  coordinator.onMessage((message) => {
    if (message.kind === "planned") at = message.position;
    if (message.kind !== "accepted" || at !== kills[0] || restarting !== null) return;
    kills.shift();
    restarting = coordinator.killAndRestart().then(() => {
      numRestarts += 1;
      restarting = null;
    });
  });
  const done = await coordinator.whenDone();
  await coordinator.stop();
  expect(numRestarts).toBe(2);
  expect(done.steps).toEqual(expected.steps);
  expect(done.parametersSha256).toBe(expected.parametersSha256);
  expect(await plans()).toEqual(await calm.plans());
  const claims = (await plans())?.map(({ deviceId, machine }) => [deviceId, machine]);
  expect(claims).toEqual(machines.map((machine, id) => [id, { ...machine, baseForm: "unpacked" }]));
}, 120_000);
