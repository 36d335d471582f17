import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { packRecord, unpackRecord } from "./journal/records.ts";
import { deriveRunId, findRunId } from "./runFolder.ts";
import { createScene } from "./testing/scene.ts";
import { temporaryFolder } from "./testing/startTest.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();

test("a run that is over is over again when its coordinator starts once more, with the same outcome", async () => {
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(tinyRun(), { expectedClients: 1 }, { store: memoryStore(content) });
  scene.join(first, "a");
  const outcome = await first.whenDone();
  await first.close();
  const second = await scene.start(tinyRun(), { expectedClients: 1 }, { store: memoryStore(content) });
  const again = await second.whenDone();
  expect(again.parametersSha256).toBe(outcome.parametersSha256);
  expect(again.steps).toEqual(outcome.steps);
  expect(second.status().phase).toBe("done");
});

test("bytes on the wire go on from where the process before had counted", async () => {
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(tinyFedAvg(), { expectedClients: 1 }, { store: memoryStore(content) });
  const a = scene.join(first, "a", { onTask: ({ round }) => round === 1 });
  await a.when("task", ({ lease }) => lease.round === 2);
  a.close();
  await first.close();
  const before = first.traffic().train;
  const second = await scene.start(tinyFedAvg(), { expectedClients: 1 }, { store: memoryStore(content) });
  expect(second.traffic().train.up).toBeGreaterThanOrEqual(before.up);
  scene.join(second, "a", { kept: a.kept });
  const { steps, traffic } = await second.whenDone();
  const sum = steps.reduce((total, { bytesUp }) => total + bytesUp, 0);
  expect(sum).toBeGreaterThan(before.up);
  expect(sum).toBeLessThanOrEqual(traffic.train.up + traffic.evaluation.up);
});

test("other settings under the same run id are refused, with the names that differ", async () => {
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(tinyRun(), {}, { store: memoryStore(content) });
  await first.close();
  const changed = tinyRun({ seed: 43 });
  await expect(
    scene.start({ ...changed, training: { ...changed.training, batchSize: 2 } }, {}, { store: memoryStore(content) }),
  ).rejects.toThrow("was started with other settings (run.seed, run.training.batchSize)");
  expect(existsSync(join(scene.folder(), "test", "lock"))).toBe(false); // the folder is free for the same settings
});

test("a run that was begun before there was a choice of optimisers and of fine-tuning is found again and goes on to the same end", async () => {
  const run = tinyFedAvg();
  const calm = await scene.start(run, { expectedClients: 1, runId: "calm" });
  scene.join(calm, "a");
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(run, { expectedClients: 1, runId: "old" }, { store: memoryStore(content) });
  const a = scene.join(first, "a", { onTask: ({ round }) => round === 1 });
  await a.when("task", ({ lease }) => lease.round === 2);
  a.close();
  await first.close();
  for (const key of ["run", "state"]) content.set(key, withoutChoices(content.get(key)));
  const second = await scene.start(run, { expectedClients: 1, runId: "old" }, { store: memoryStore(content) });
  scene.join(second, "a", { kept: a.kept });
  expect((await second.whenDone()).parametersSha256).toBe((await calm.whenDone()).parametersSha256);
});

test("settings that came later do not change a run's id where they change nothing", () => {
  const run = tinyFedAvg();
  const { optimizer: _, proximal: __, ...training } = run.training;
  const old = { ...run, training, strategy: { name: "fedAvg" } } as RunSettings;
  expect(deriveRunId(run)).toBe(deriveRunId(old));
  expect(deriveRunId({ ...run, training: { ...run.training, optimizer: "sgd" } })).not.toBe(deriveRunId(old));
  expect(deriveRunId({ ...run, strategy: { name: "fedAvg", fineTuneEpochs: 1 } })).not.toBe(deriveRunId(old));
});

test("a fixed roster goes on in the folder that flags once began with minDevices 1, and an open one does not", async () => {
  const run = tinyFedAvg({ minDevices: 3 });
  const folder = temporaryFolder();
  expect(findRunId({ dataDir: folder.path, run })).toBe(deriveRunId(run));
  const earlier = deriveRunId({ ...run, minDevices: 1 });
  mkdirSync(join(folder.path, earlier));
  expect(findRunId({ dataDir: folder.path, run })).toBe(earlier);
  const open = { ...run, roster: "open" } as const;
  mkdirSync(join(folder.path, deriveRunId({ ...open, minDevices: 1 })));
  expect(findRunId({ dataDir: folder.path, run: open })).toBe(deriveRunId(open));
  mkdirSync(join(folder.path, deriveRunId(run)));
  expect(findRunId({ dataDir: folder.path, run })).toBe(deriveRunId(run));
  folder.remove();
  const content = new Map<string, Uint8Array>();
  const first = await scene.start({ ...run, minDevices: 1 }, { expectedClients: 1, runId: "old" }, { store: memoryStore(content) });
  await first.close();
  await (await scene.start(run, { expectedClients: 1, runId: "old" }, { store: memoryStore(content) })).close();
  const other = scene.start({ ...run, cohortSize: 1 }, { expectedClients: 1, runId: "old" }, { store: memoryStore(content) });
  await expect(other).rejects.toThrow("was started with other settings (run.cohortSize)");
});

/** A journal's record as it was before these settings came. */
function withoutChoices(record: Uint8Array | undefined): Uint8Array {
  const { json, bytes } = unpackRecord(record ?? new Uint8Array(4));
  const names = ["optimizer", "proximal", "fineTuneEpochs"];
  return packRecord(JSON.parse(JSON.stringify(json, (name, value) => (names.includes(name) ? undefined : value))), bytes);
}

test("a fixed roster goes on in its folder whatever maxDevices says, and an open one does not", async () => {
  const store = memoryStore();
  const content = new Map<string, Uint8Array>();
  const fixed = tinyFedAvg();
  await (await scene.start(fixed, {}, { store: memoryStore(content) })).close();
  const again = await scene.start({ ...fixed, maxDevices: 40 }, {}, { store: memoryStore(content) });
  expect(deriveRunId(again.config.run)).toBe(deriveRunId(fixed));
  await again.close();
  const open = { ...fixed, roster: "open" } as const;
  await (await scene.start(open, {}, { store })).close();
  await expect(scene.start({ ...open, maxDevices: 40 }, {}, { store })).rejects.toThrow("other settings (run.maxDevices)");
});

test("closing says goodbye with the reason", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  await coordinator.close("closing", "lunch");
  expect((await a.when("goodbye")).goodbye).toEqual({ reason: "closing", message: "lunch" });
  await expect(coordinator.whenDone()).rejects.toThrow("closed before the run was over");
});

test("clients that can only poll take part too", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { socketOptions: { transports: ["polling"] } });
  await coordinator.whenDone();
  expect(a.socket.io.engine.transport.name).toBe("polling");
  expect(coordinator.traffic().train.up).toBeGreaterThan(1000);
});
