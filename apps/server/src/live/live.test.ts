import { applyChange, createEventReader, type Live, liveChangeSchema, liveSchema } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import type { Coordinator } from "../coordinator.ts";
import { memoryStore } from "../journal/keyValueStore.ts";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg, tinyRun } from "../testing/tinyRun.ts";

const scene = createScene();
const readers: Reader[] = [];

afterEach(() => {
  for (const reader of readers.splice(0)) reader.stop();
});

interface Reader {
  /** Every whole and every change as they came. */
  readonly events: readonly string[];
  /** Resolves with the first state that fits. */
  when(fits: (live: Live) => boolean): Promise<Live>;
  whenOver(): Promise<void>;
  stop(): void;
}

/** Reads the feed as a dashboard does; every event must fit its schema. */
async function read({ url }: Pick<Coordinator, "url">, token?: string): Promise<Reader> {
  const abort = new AbortController();
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/live`, { signal: abort.signal, headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const events: string[] = [];
  const states: Live[] = [];
  const waiting = new Set<() => void>();
  const over = (async () => {
    const { read } = createEventReader();
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      for (const { event, data } of read(decoder.decode(piece, { stream: true }))) {
        events.push(event);
        const known = states.at(-1);
        if (event === "whole") states.push(liveSchema.parse(JSON.parse(data)));
        if (event === "change" && known !== undefined) states.push(applyChange(known, liveChangeSchema.parse(JSON.parse(data))));
      }
      for (const look of waiting) look();
    }
  })();
  over.catch(() => undefined);
  const reader: Reader = {
    events,
    when: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = states.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    whenOver: () => over,
    stop: () => abort.abort(),
  };
  readers.push(reader);
  return reader;
}

const isDone = ({ status }: Live) => status.phase === "done";

test("P-170: the feed begins with the whole and goes on with changes, to what a whole says then", async () => {
  const coordinator = await scene.start(tinyRun());
  const early = await read(coordinator);
  scene.join(coordinator, "a", { nickname: "Ada" });
  scene.join(coordinator, "b");
  const last = await early.when(isDone);
  await coordinator.whenDone();
  const whole = await (await read(coordinator)).when(isDone);
  expect(early.events[0]).toBe("whole");
  expect(early.events.filter((event) => event === "whole")).toHaveLength(1);
  expect(last.rounds).toEqual(whole.rounds);
  expect(last.devices.map(({ deviceId, nickname }) => [deviceId, nickname])).toEqual(
    whole.devices.map(({ deviceId, nickname }) => [deviceId, nickname]),
  );
  expect(whole.devices).toHaveLength(4);
  expect(new Set(whole.devices.map(({ nickname }) => nickname))).toEqual(new Set(["Ada", null]));
});

test("P-173: every number of a round is its records', and a coordinator that is started again shows the same", async () => {
  const store = memoryStore();
  const first = await scene.start(tinyRun(), {}, { store });
  scene.join(first, "a");
  scene.join(first, "b");
  const before = await (await read(first)).when(isDone);
  const records = first.steps();
  await first.close();
  const second = await scene.start(tinyRun(), {}, { store });
  const after = await (await read(second)).when(isDone);
  expect(after.rounds).toEqual(before.rounds);
  const trained = after.rounds.filter(({ stage }) => stage === "train");
  expect(trained.map(({ round }) => round)).toEqual([1, 2, 3]);
  for (const { round, bytes, evaluationBytes, movement, allLayersF32 } of trained) {
    const own = records.filter((record) => record.stage === "train" && record.round === round);
    const up = own.reduce((sum, { bytesUp }) => sum + bytesUp, 0);
    expect(bytes.up + evaluationBytes.up).toBe(up);
    const selected = after.status.selectedLayers ?? [];
    expect(movement?.layers.map((norm) => norm !== null)).toEqual([0, 1, 2].map((layer) => selected.includes(layer)));
    expect(movement?.drift).toBeGreaterThan(0);
    expect(movement?.control).toBeGreaterThan(0);
    expect(allLayersF32.up).toBe(2 * 4 * 66); // two devices in f32: 3 layers of 2 × 2 × 4 values, a head of 3 × 5 and 3
  }
  const scored = after.rounds.filter(({ scores }) => scores !== undefined);
  expect(scored.map(({ stage }) => stage)).toContain("score");
  expect(scored[0]?.scores).toHaveLength(3);
});

test("P-171: a tile says what its device is doing, how far it is and how fast", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numDevices: 2, cohortSize: 2 }));
  const reader = await read(coordinator);
  const stateOf = (live: Live, id: number) => live.devices.find(({ deviceId }) => deviceId === id)?.state;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const loaded = new Promise<void>(
    (resolve) => void reader.when((live) => live.devices.some(({ state }) => state === "loading")).then(() => resolve()),
  );
  const client = scene.join(coordinator, "slow", {
    onLoad: async () => {
      await loaded;
      return true;
    },
    async onTask({ taskId }) {
      await client.call("progress", { taskId, step: 2, numSteps: 10, loss: 1 });
      await new Promise((resolve) => setTimeout(resolve, 70));
      await client.call("progress", { taskId, step: 5, numSteps: 10, loss: 1 });
      await held;
      return true;
    },
  });
  const training = await reader.when((live) =>
    live.devices.some(({ state, step, speed }) => state === "training" && step === 5 && speed !== undefined),
  );
  const tile = training.devices.find(({ step }) => step === 5);
  expect(tile).toMatchObject({ step: 5, numSteps: 10 });
  expect(tile?.speed).toBeLessThan(3 / 0.07);
  await client.call("pause", { isPaused: true });
  await reader.when((live) => live.devices.some(({ state }) => state === "paused"));
  await client.call("pause", { isPaused: false });
  release();
  await reader.when((live) => stateOf(live, 0) === "done" && stateOf(live, 1) === "done");
  expect(isDone(await reader.when(isDone))).toBe(true);
});

test("P-171: a client that is gone leaves its devices away", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numDevices: 2, cohortSize: 2 }), { homeless: "leave" });
  const reader = await read(coordinator);
  const client = scene.join(coordinator, "a", { onTask: () => false });
  await reader.when(({ devices }) => devices.some(({ state }) => state === "training"));
  client.close();
  await reader.when(({ devices }) => devices.length > 0 && devices.every(({ state }) => state === "away"));
});

test("P-172: in a run with a code word the feed is for who brings it, or the operator's token; a stranger learns what a landing page needs", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { admission: "code", codeWord: "blåbär grouse moss" });
  const ask = (path: string, headers = {}) => fetch(`${coordinator.url}${path}`, { headers });
  for (const path of ["/live", "/report.html"]) {
    for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: "Bearer %E0%A4%A" }]) {
      const answer = await ask(path, headers);
      expect(answer.status).toBe(401);
      expect((await answer.json()).error).toContain("bring the run's code word, or the operator's token");
    }
  }
  const status = (await (await ask("/run.json")).json()).status;
  expect(Object.keys(status).sort()).toEqual(["numConnected", "numDevices", "numRounds", "phase", "round", "stage"]);
  await (await read(coordinator, encodeURIComponent("blåbär grouse moss"))).when(() => true);
  await (await read(coordinator, coordinator.controlToken)).when(() => true);
});

test("P-172, P-190: three words open the feed and the tuned parameters however they are typed", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { admission: "code", codeWord: "amber-lake-violin" });
  const authorization = `Bearer ${encodeURIComponent("Amber Lake  violin.")}`;
  await (await read(coordinator, encodeURIComponent("Amber Lake  violin."))).when(() => true);
  for (const [path, status] of [
    ["/report.html", 404],
    ["/tuned.safetensors", 204],
  ] as const)
    expect((await fetch(`${coordinator.url}${path}`, { headers: { authorization } })).status).toBe(status);
});

test("P-172, P-186: who guesses the word at the feed, the report and the parameters has 20 tries in all, and the operator is not kept out by them", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { admission: "code", codeWord: "amber-lake-violin" });
  const paths = ["/live", "/report.html", "/tuned.safetensors"];
  const ask = async (path: string, token: string) =>
    (await fetch(`${coordinator.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
  for (let guess = 0; guess < 20; guess++) expect(await ask(paths[guess % 3] ?? "", `amber-lake-${guess}`)).toBe(401);
  for (const path of paths) expect(await ask(path, "amber-lake-violin"), path).toBe(429);
  await (await read(coordinator, coordinator.controlToken)).when(() => true);
});

test("P-172: an invitation lets a client in, and nobody watch", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { admission: "invitations" });
  const answer = await fetch(`${coordinator.url}/live`, { headers: { authorization: `Bearer ${coordinator.linkToken}` } });
  expect(answer.status).toBe(401);
  await (await read(coordinator, coordinator.controlToken)).when(() => true);
});

test("P-101, P-114: another website's page reads nothing, and above maxSpectators nobody is added but the operator, whom strangers do not keep out", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { maxSpectators: 1 });
  const foreign = await fetch(`${coordinator.url}/live`, { headers: { origin: "https://elsewhere.example" } });
  expect(foreign.status).toBe(403);
  const first = await read(coordinator);
  await first.when(() => true);
  const second = await fetch(`${coordinator.url}/live`);
  expect([second.status, second.headers.get("retry-after")]).toEqual([503, "10"]);
  expect(await (await fetch(`${coordinator.url}/metrics`)).text()).toContain("tutti_spectators 1");
  await (await read(coordinator, coordinator.controlToken)).when(() => true);
});

test("P-170: a feed ends with goodbye when the coordinator closes", async () => {
  const coordinator = await scene.start(tinyFedAvg());
  const reader = await read(coordinator);
  await reader.when(() => true);
  await coordinator.close();
  await reader.whenOver();
  expect(reader.events.at(-1)).toBe("goodbye");
});

test("P-170: what the operator changed is in the feed with the step from which it holds, and what is about single clients is not", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numRounds: 1000, evaluateEvery: 1000 }));
  const reader = await read(coordinator);
  const client = scene.join(coordinator, "a");
  scene.join(coordinator, "b");
  const order = (body: unknown) =>
    fetch(`${coordinator.url}/control/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${coordinator.controlToken}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  await reader.when(({ status }) => status.round >= 2);
  await order({ kind: "deadline", deadlineMs: 60_000 });
  await order({ kind: "sendAway", clientKey: client.kept.key });
  const { orders } = await reader.when((live) => live.orders.some(({ from }) => from !== null));
  expect(orders).toMatchObject([{ number: 1, order: { kind: "deadline", deadlineMs: 60_000 }, from: { stage: "train" } }]);
  expect(orders[0]?.from?.round).toBeGreaterThan(1);
  expect(JSON.stringify((await (await read(coordinator)).when(() => true)).orders)).not.toContain(client.kept.key);
});

test("P-107: metrics show the latest round, its evaluation with its number of texts, and devices by what they do", async () => {
  const coordinator = await scene.start(tinyFedAvg());
  scene.join(coordinator, "a");
  scene.join(coordinator, "b");
  await coordinator.whenDone();
  const text = await (await fetch(`${coordinator.url}/metrics`)).text();
  const found = [...coordinator.status().history].reverse().flatMap(({ evaluations }) => evaluations);
  const global = found.find(({ protocol, split }) => protocol === "global" && split === "test");
  expect(text).toContain(`tutti_accuracy{protocol="global",split="test"} ${global?.accuracy}`);
  expect(text).toContain(`tutti_evaluated_texts{protocol="global",split="test"} ${global?.numExamples}`);
  expect(text).toContain('tutti_device_states{state="done"} 4');
  expect(text).toContain('tutti_device_states{state="late"} 0');
  expect(text).toMatch(/tutti_train_loss 1\.25/);
  expect(text).toMatch(/tutti_drift 0\.\d+/);
});
