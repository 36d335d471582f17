import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { computeDeviceId, fedPt, type RunSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { noComputeClient } from "./pool/computeDesk.ts";
import { newClient, provenHello } from "./testing/keptClient.ts";
import type { ProtocolClientOptions } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const isComputed = (kind: string) => kind === "logits" || kind === "distil";

/** Two rounds of FedPT: one distillation. */
function proxyRun(changes: Partial<RunSettings> = {}): RunSettings {
  return tinyFedAvg({ strategy: { ...fedPt.defaults, distillSteps: 3 }, numRounds: 3, evaluateEvery: 3, ...changes });
}

const start = (content = new Map<string, Uint8Array>(), runId = "test") =>
  scene.start(proxyRun(), { expectedClients: 1, runId }, { store: memoryStore(content) });

function compute(coordinator: WatchedCoordinator, name: string, options: Partial<ProtocolClientOptions> = {}) {
  return scene.join(coordinator, name, { hosting: "compute", token: coordinator.computeToken ?? "", ...options });
}

/** What a calm run ends with. */
async function calmEnd(): Promise<string> {
  const coordinator = await start(new Map(), "calm");
  scene.join(coordinator, "tab");
  compute(coordinator, "server");
  return (await coordinator.whenDone()).parametersSha256;
}

test("P-91 a compute client alone gets the large model's tasks, and tabs all others", async () => {
  const coordinator = await start();
  const tab = scene.join(coordinator, "tab");
  const server = compute(coordinator, "server");
  const { steps } = await coordinator.whenDone();
  const kindsOf = (client: typeof tab) => new Set(client.events.flatMap((event) => (event.kind === "task" ? [event.lease.spec.kind] : [])));
  expect(kindsOf(tab)).toEqual(new Set(["train", "evaluate"]));
  expect(kindsOf(server)).toEqual(new Set(["logits", "distil"]));
  expect(steps.map(({ round, kind }) => `${round} ${kind}`)).toEqual([
    "1 train",
    "1 logits",
    "1 distil",
    "2 train",
    "2 distil",
    "3 train",
    "3 evaluate",
  ]);
  expect(steps.filter(({ kind }) => isComputed(kind)).every(({ counted }) => counted.join() === String(computeDeviceId))).toBe(true);
});

test("P-90 who brings another token, or comes to a run that needs none, is refused and gets nothing", async () => {
  const coordinator = await start();
  const stranger = compute(coordinator, "stranger", { token: `${coordinator.computeToken?.slice(0, -1)}!` });
  expect(await stranger.when("refused")).toMatchObject({ rule: "P-90" });
  const plain = await scene.start(tinyFedAvg(), { runId: "plain" });
  expect(plain.computeToken).toBeNull();
  const lost = compute(plain, "lost", { token: "a-token" });
  expect(await lost.when("refused")).toMatchObject({ rule: "P-90" });
  expect(stranger.events.some(({ kind }) => kind === "task")).toBe(false);
  expect(coordinator.status().numConnected).toBe(0);
});

test("P-12 a compute client's socket speaks for no other client, and the first stays as it was", async () => {
  const coordinator = await start();
  scene.join(coordinator, "tab");
  const server = compute(coordinator, "server");
  await server.when("welcome");
  const said = { hosting: "compute", token: coordinator.computeToken ?? "", devices: [] } as const;
  const other = { ...provenHello(newClient("other"), { socket: server.socket, url: coordinator.url }), ...said };
  expect(await server.call("hello", other)).toMatchObject({ ok: false, rule: "P-12" });
  await coordinator.whenDone(); // with the first one's work
});

test("P-90 a volunteer that knows a distil task's id cannot submit it", async () => {
  const coordinator = await start();
  const tab = scene.join(coordinator, "tab");
  const server = compute(coordinator, "server", { onTask: ({ spec }) => spec.kind === "logits" });
  const { lease } = await server.when("task", (event) => event.lease.spec.kind === "distil");
  const submission = await server.prepare(lease);
  const answer = await tab.call("submit", submission);
  expect(answer).toMatchObject({ ok: false, rule: "P-43" });
  expect(coordinator.steps().some(({ kind }) => kind === "distil")).toBe(false);
  expect(await server.call("submit", submission)).toMatchObject({ ok: true, value: { outcome: "accepted" } });
});

test("P-91 a distillation of other steps, or of other tensors, than its lease says is refused", async () => {
  const coordinator = await start();
  scene.join(coordinator, "tab");
  const server = compute(coordinator, "server", { onTask: ({ spec }) => spec.kind === "logits" });
  const { lease } = await server.when("task", (event) => event.lease.spec.kind === "distil");
  const submission = await server.prepare(lease);
  if (submission.header.kind !== "distil") throw new Error("expected a distillation");
  const header = { ...submission.header, numSteps: 4 };
  expect(await server.call("submit", { ...submission, header })).toMatchObject({ ok: false, rule: "P-91" });
  const tensors = submission.tensors?.slice(0, -4) ?? new Uint8Array();
  expect(await server.call("submit", { ...submission, tensors })).toMatchObject({ ok: false });
  expect(await server.call("submit", submission)).toMatchObject({ ok: true });
  expect(await server.call("submit", submission)).toMatchObject({ ok: true, value: { outcome: "duplicate" } });
});

test("P-92 a run that needs a compute client and has none says so, to pages too, and goes on when one comes", async () => {
  const coordinator = await start();
  const tab = scene.join(coordinator, "tab");
  const { status } = await tab.when("status", (event) => event.status.phase === "waiting" && event.status.message === noComputeClient);
  expect(status).toMatchObject({ stage: "train", round: 1, step: 2 });
  expect(JSON.stringify(status)).not.toContain(coordinator.computeToken);
  expect(coordinator.status()).toMatchObject({ phase: "waiting", message: noComputeClient });
  compute(coordinator, "server");
  expect((await coordinator.whenDone()).parametersSha256).toBe(await calmEnd());
});

test("P-92 what a compute client cannot do is told with its reason, and another one does it", async () => {
  const coordinator = await start();
  scene.join(coordinator, "tab");
  const first = compute(coordinator, "first", { onTask: () => false });
  const { lease } = await first.when("task");
  await first.call("decline", { taskId: lease.taskId, reason: "the large model does not fit" });
  await expect.poll(() => coordinator.status().message).toBe("the compute client cannot go on: the large model does not fit");
  compute(coordinator, "second");
  expect((await coordinator.whenDone()).parametersSha256).toBe(await calmEnd());
});

test("a compute client that dies in the middle of a distillation: the run waits, goes on when one comes back, and ends with the same bits", async () => {
  const coordinator = await start();
  scene.join(coordinator, "tab");
  const first = compute(coordinator, "first", { onTask: ({ spec }) => spec.kind === "logits" });
  const died = await first.when("task", ({ lease }) => lease.spec.kind === "distil");
  first.close();
  await expect.poll(() => coordinator.status().message).toBe(noComputeClient);
  const next = compute(coordinator, "next");
  const taken = await next.when("task");
  expect(taken.lease.taskId).toBe(died.lease.taskId);
  expect((await coordinator.whenDone()).parametersSha256).toBe(await calmEnd());
});

test("a coordinator that dies in the middle of a distillation goes on with it under the same token, and asks for nothing again", async () => {
  const content = new Map<string, Uint8Array>();
  const first = await start(content);
  const tab = scene.join(first, "tab");
  const server = compute(first, "server", { onTask: ({ spec }) => spec.kind === "logits" });
  await server.when("task", ({ lease }) => lease.spec.kind === "distil");
  tab.close();
  server.close();
  await first.close();
  const second = await start(content);
  expect(second.computeToken).toBe(first.computeToken);
  scene.join(second, "tab", { kept: tab.kept });
  const back = compute(second, "server", { kept: server.kept });
  const { parametersSha256 } = await second.whenDone();
  expect(back.events.flatMap((event) => (event.kind === "task" ? [event.lease.spec.kind] : []))).toEqual(["distil", "distil"]);
  expect(parametersSha256).toBe(await calmEnd());
});

test("the token is a file of the run's folder that its owner alone reads", async () => {
  const coordinator = await start();
  const path = join(coordinator.folder, "compute.token");
  expect(existsSync(path)).toBe(true);
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(readdirSync(coordinator.folder)).toContain("compute.token");
});

test("a device sends in a round of FedPT what it sends in federated averaging, and the compute client's bytes are in no stage", async () => {
  const upIn = async (run: RunSettings, runId: string) => {
    const coordinator = await scene.start(run, { expectedClients: 1, runId });
    scene.join(coordinator, "tab");
    if (coordinator.computeToken !== null) compute(coordinator, "server");
    const { steps } = await coordinator.whenDone();
    // in the first round clients say hello
    return steps.filter(({ kind, round }) => kind === "train" && round > 1).reduce((sum, { bytesUp }) => sum + bytesUp, 0);
  };
  const averaging = await upIn(proxyRun({ strategy: { name: "fedAvg", fineTuneEpochs: 0 } }), "averaging");
  const proxy = await upIn(proxyRun(), "proxy");
  expect(averaging).toBeGreaterThan(500);
  expect(proxy).toBeLessThanOrEqual(1.01 * averaging);
});
