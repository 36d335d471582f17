import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StrategyState, Tensor } from "@tutti/core";
import type { OrderEvent } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "../testing/startTest.ts";
import { type JournalledDevice, type JournalledPlan, type JournalledReceipt, openJournal } from "./journal.ts";
import { type Change, type KeyValueStore, memoryStore } from "./keyValueStore.ts";
import { openStore } from "./openStore.ts";

const folder = temporaryFolder();
afterEach(() => folder.remove());

const tensor = (fill: number, size = 6): Tensor => ({ shape: [2, size / 2], data: new Float32Array(size).fill(fill) });
const plan: JournalledPlan = {
  stage: "train",
  round: 3,
  step: 1,
  attempt: 1,
  payloads: ["aa"],
  tasks: [
    {
      deviceId: 4,
      spec: { kind: "probe", lanczosSteps: 7 },
      parameterSets: { global: 0 },
      expects: { shapes: {}, encoding: "f16", batchSize: 8, numExamples: 9 },
    },
  ],
  deadlineMs: null,
  quorum: 0.7,
  numDevices: 5,
};
const device: JournalledDevice = {
  deviceId: 4,
  clientKey: "k",
  numExamples: 9,
  version: "t1",
  versionSha256: "h",
  stateSha256: "ss",
  wasReset: false,
};
const contribution = { taskId: "t1", deviceId: 4, sha256: "h", bytes: Uint8Array.of(5, 6, 7) };

const order: OrderEvent = { number: 9, at: 1_796_066_797_277, order: { kind: "drop", fraction: 0.3 }, from: null };

const pace = {
  standing: { numSteps: 7, trustedFrom: 3, devices: { 4: { contributedIn: 2, failures: 1, restsUntil: 9 } } },
  durations: { train: [120] },
};

function stores(): [string, () => KeyValueStore | Promise<KeyValueStore>][] {
  const content = new Map<string, Uint8Array>();
  return [
    ["memory", () => memoryStore(content)],
    ["log", async () => (await openStore(folder.path, "journal")).store],
  ];
}

test.each(stores())("what was written is there again when the journal is opened once more (%s)", async (_name, open) => {
  const journal = openJournal(await open());
  expect(journal.contents()).toBeNull();
  journal.begin({ seed: 42 });
  journal.putState({ values: { round: 2 }, tensors: { "W/prefix/0": tensor(1.5) } }, { record: 1 });
  journal.putPlan(plan, new Map([["aa", Uint8Array.of(1, 2)]]));
  journal.putClient({ clientKey: "k", ordinal: 0, nickname: "Ada" });
  journal.putClient({ clientKey: "stranger", ordinal: 1, nickname: null });
  journal.removeClient("stranger");
  const standing = { clientKey: "k", invitation: "an-id", isApproved: true, isBanned: false };
  journal.putStanding(standing);
  journal.putContribution(contribution, device, Uint8Array.of(9, 9), { ...receipt, taskId: "b" });
  journal.putContribution(contribution, device, Uint8Array.of(9, 9), receipt);
  journal.removeReceipts(["b"]);
  journal.putRepeated({ ...pace, durations: {} });
  journal.putCounted([4], pace);
  journal.putForgotten([{ deviceId: 4, numDevices: 9 }]);
  journal.putOrder(order);
  journal.putOrder({ ...order, from: { stage: "train", round: 2, step: 1, attempt: 1 } });
  journal.putOrder({ ...order, number: 10, order: { kind: "pause" } });
  journal.putTraffic({ train: { up: 3, down: 4 } });
  await journal.flushed();
  await journal.close();
  const again = openJournal(await open());
  expect(again.contents()).toEqual({
    run: { seed: 42 },
    start: null,
    state: { values: { round: 2 }, tensors: { "W/prefix/0": tensor(1.5) } },
    plan,
    counted: [4],
    isRepeated: true,
    pace,
    next: null,
    takenBack: null,
    forgotten: [{ deviceId: 4, numDevices: 9 }],
    blobs: new Map([
      ["aa", Uint8Array.of(1, 2)],
      ["ss", Uint8Array.of(9, 9)],
    ]),
    contributions: [contribution],
    devices: [device],
    clients: [{ clientKey: "k", ordinal: 0, nickname: "Ada" }],
    standings: [standing],
    receipts: [receipt],
    orders: [
      { ...order, from: { stage: "train", round: 2, step: 1, attempt: 1 } },
      { ...order, number: 10, order: { kind: "pause" } },
    ],
    traffic: { train: { up: 3, down: 4 } },
    history: [{ record: 1 }],
  });
  await again.close();
});

const receipt: JournalledReceipt = {
  by: "k",
  taskId: "a",
  deviceId: 4,
  stage: "train",
  round: 2,
  step: 1,
  kind: "train",
  at: 1_790_000_000_123,
  numBytes: 55,
  sha256: "cc",
};

test("a step's plan, contributions and payloads are gone when the next ones are written", () => {
  const content = new Map<string, Uint8Array>();
  const journal = openJournal(memoryStore(content));
  journal.begin({});
  journal.putPlan(plan, new Map([["aa", Uint8Array.of(1)]]));
  journal.putContribution(contribution, device, null);
  journal.putCounted([4]);
  journal.putState({ values: {}, tensors: {} }, { record: 1 });
  expect([...content.keys()].sort()).toEqual(["blob/aa", "device/00000004", "history/00000000", "run", "state"]);
  journal.putPlan({ ...plan, payloads: ["bb"] }, new Map([["bb", Uint8Array.of(2)]]));
  expect([...content.keys()].filter((key) => key.startsWith("blob"))).toEqual(["blob/bb"]);
});

test("a plan may be written before the state it follows from: until then, all that the state is made of is kept", () => {
  const content = new Map<string, Uint8Array>();
  const journal = openJournal(memoryStore(content));
  journal.begin({});
  journal.putPlan(plan, new Map([["aa", Uint8Array.of(1)]]));
  journal.putContribution(contribution, device, null);
  journal.putCounted([4]);
  journal.putPlan({ ...plan, round: 4, payloads: ["bb"] }, new Map([["bb", Uint8Array.of(2)]]), { record: 3 });
  journal.putContribution({ ...contribution, taskId: "t2" }, { ...device, version: "t2" }, null);
  const between = openJournal(memoryStore(content)).contents();
  expect(between).toMatchObject({ plan: { round: 3 }, next: { plan: { round: 4 }, entry: { record: 3 } }, counted: [4] });
  expect([...(between?.blobs.keys() ?? [])]).toEqual(["aa", "bb"]);
  expect(between?.contributions.map((item) => item.taskId)).toEqual(["t1", "t2"]);
  journal.putState({ values: {}, tensors: {} }, { record: 3 });
  const after = openJournal(memoryStore(content)).contents();
  expect(after).toMatchObject({ plan: { round: 4 }, next: null, counted: null, history: [{ record: 3 }] });
  expect([...(after?.blobs.keys() ?? [])]).toEqual(["bb"]);
  expect(after?.contributions.map((item) => item.taskId)).toEqual(["t2"]);
});

test("a repeated step is remembered until it is planned again", () => {
  const content = new Map<string, Uint8Array>();
  const journal = openJournal(memoryStore(content));
  journal.begin({});
  journal.putPlan(plan, new Map());
  journal.putContribution(contribution, device, null);
  journal.putRepeated();
  expect(openJournal(memoryStore(content)).contents()?.isRepeated).toBe(true);
  journal.putPlan({ ...plan, attempt: 2 }, new Map());
  const contents = openJournal(memoryStore(content)).contents();
  expect(contents?.isRepeated).toBe(false);
  expect(contents?.contributions).toEqual([]);
});

test("a step writes only the tensors that are new objects, and forgets names that went", () => {
  const written: string[] = [];
  const content = new Map<string, Uint8Array>();
  const store = memoryStore(content);
  const journal = openJournal({
    ...store,
    write(changes: readonly Change[]) {
      written.push(...changes.map(([key, value]) => `${value === null ? "-" : "+"}${key}`));
      store.write(changes);
    },
  });
  const kept = tensor(1);
  journal.begin({});
  journal.putState({ values: {}, tensors: { kept, changed: tensor(2), gone: tensor(3) } }, null);
  written.length = 0;
  journal.putState({ values: {}, tensors: { kept, changed: tensor(2) } }, { record: 1 });
  expect(written).toEqual(["+state", "+history/00000000", "+tensor/changed", "-tensor/gone"]);
});

test("after 100 rounds the journal takes at most three times the live state", async () => {
  const path = join(folder.path, "journal");
  const open = async () => openJournal((await openStore(folder.path, "journal")).store);
  const journal = await open();
  const numDevices = 40;
  const cohort = 6;
  const size = 4096;
  const numLayers = 3;
  journal.begin({});
  let tensors: Record<string, Tensor> = {};
  for (let layer = 0; layer < numLayers; layer++) {
    for (const prefix of ["W", "V", "c", "Dprev", ...Array.from({ length: numDevices }, (_, id) => `c/${id}`)])
      tensors[`${prefix}/prefix/${layer}`] = tensor(layer, size);
  }
  const live = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
  let state: StrategyState = { values: { round: 0 }, tensors };
  journal.putState(state, null);
  for (let round = 1; round <= 100; round++) {
    journal.putPlan(
      { ...plan, round, payloads: [`p${round}`] },
      new Map([[`p${round}`, new Uint8Array(2 * size * numLayers).fill(round)]]),
    );
    await journal.flushed();
    const devices = Array.from({ length: cohort }, (_, i) => (round * 5 + i * 7) % numDevices);
    for (const deviceId of devices) {
      const taskId = `task ${round} ${deviceId}`;
      journal.putContribution(
        { taskId, deviceId, sha256: "h", bytes: new Uint8Array(2 * size * numLayers).fill(deviceId) },
        { ...device, deviceId },
        null,
      );
    }
    await journal.flushed();
    journal.putCounted(devices);
    tensors = { ...tensors };
    for (const prefix of ["W", "V", "c", "Dprev", ...devices.map((id) => `c/${id}`)]) {
      for (let layer = 0; layer < numLayers; layer++) tensors[`${prefix}/prefix/${layer}`] = tensor(round, size);
    }
    state = { values: { round }, tensors };
    journal.putState(state, { record: { stage: "train", round } });
    await journal.flushed();
  }
  await journal.close();
  const stored = readdirSync(path).map((name) => statSync(join(path, name)).size);
  expect(stored.length).toBe(3); // two generations and the head
  expect(stored.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(3 * live);
  const again = await open();
  expect(again.contents()?.state).toEqual(state);
  await again.close();
});
