import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deferred, type RunSettings } from "@tutti/core";
import { type OrderInput, type OrderRefusal, ordersSchema } from "@tutti/protocol";
import { expect, test } from "vitest";
import type { CoordinatorOptions } from "../config.ts";
import { type KeyValueStore, memoryStore } from "../journal/keyValueStore.ts";
import type { ProtocolClientOptions } from "../testing/protocolClient.ts";
import { rankStrategy } from "../testing/rankStrategy.ts";
import { createScene, type WatchedCoordinator } from "../testing/scene.ts";
import { strategyRun, tunedOf } from "../testing/strategyRuns.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import type { Following } from "./succession.ts";

const scene = createScene();
const run = tinyFedAvg({ numDevices: 6, minDevices: 6, cohortSize: 4, quorum: 1, numRounds: 3, evaluateEvery: 3 });

async function ask(coordinator: WatchedCoordinator, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${coordinator.url}/control/orders`, {
    method: "POST",
    headers: { authorization: `Bearer ${coordinator.controlToken}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as { error?: string; event?: { number: number } }) };
}

async function orders(coordinator: WatchedCoordinator) {
  const response = await fetch(`${coordinator.url}/control/orders`, { headers: { authorization: `Bearer ${coordinator.controlToken}` } });
  return ordersSchema.parse(await response.json());
}

/** A coordinator with a device on each of six clients, which work as `onTask` says. */
async function withDevices(
  onTask: ProtocolClientOptions["onTask"] = () => true,
  changes: Partial<RunSettings> = {},
  options: Partial<CoordinatorOptions> = {},
) {
  const coordinator = await scene.start({ ...run, ...changes }, { expectedClients: 6, ...options });
  const clients = ["a", "b", "c", "d", "e", "f"].map((name) => scene.join(coordinator, name, { onTask }));
  await Promise.all(clients.map((client) => client.when("registered")));
  return { coordinator, clients };
}

test("P-175 a stranger with no token, or with another, changes nothing and is told so; a page of another website is refused", async () => {
  const { coordinator } = await withDevices(() => false);
  for (const authorization of ["", "Bearer guess", `Basic ${coordinator.controlToken}`]) {
    const answer = await ask(coordinator, { kind: "pause" }, { authorization });
    expect(answer).toEqual({ status: 401, error: "the control token is missing or wrong" });
  }
  const foreign = await ask(coordinator, { kind: "pause" }, { origin: "https://elsewhere.example" });
  expect(foreign.status).toBe(403);
  expect(foreign.error).toContain("elsewhere.example");
  expect((await fetch(`${coordinator.url}/control/orders`)).status).toBe(401);
  expect(await orders(coordinator)).toMatchObject({ events: [], inForce: { isPaused: false } });
  expect(coordinator.status().inForce).toBeUndefined();
});

test("P-175 what is not an order is answered with the field that is wrong, and an order that does not fit with a sentence", async () => {
  const { coordinator } = await withDevices(() => false);
  const wrong: [unknown, string][] = [
    [{}, "kind"],
    [{ kind: "explode" }, "kind"],
    [{ kind: "sampleFraction", fraction: 1.5 }, "fraction"],
    [{ kind: "deadline", deadlineMs: -1 }, "deadlineMs"],
    [{ kind: "pause", forEver: true }, "forEver"],
    [{ kind: "approve", clientKey: "nobody" }, "clientKey"],
  ];
  for (const [body, field] of wrong) {
    const answer = await ask(coordinator, body);
    expect(answer.status, JSON.stringify(body)).toBe(400);
    expect(answer.error).toContain(field);
  }
  const unfit: [OrderInput, string, OrderRefusal][] = [
    [{ kind: "resume" }, "the run is not paused", { kind: "isNotPaused" }],
    [{ kind: "start" }, "this run begins by itself when its devices are here", { kind: "beginsByItself" }],
    [{ kind: "takeBack", what: "poison" }, "there is nothing of this kind to take back", { kind: "nothingToTakeBack" }],
    [
      { kind: "nextRound" },
      "nothing is in yet, and the round needs 1 at least: wait a moment, or send away who does not answer",
      { kind: "tooFewIn", numIn: 0, numTasks: 4, needed: 1 },
    ],
    [
      { kind: "drop", fraction: 0.1 },
      "10 % of a cohort of 4 is nobody: ask more devices first",
      { kind: "nobodyDropped", fraction: 0.1, size: 4 },
    ],
    [{ kind: "newRun" }, "this coordinator serves one run alone: start `tutti serve` to have others follow", { kind: "servesOne" }],
    [{ kind: "sendAway", clientKey: `id-${"A".repeat(43)}` }, "no client of this key is known", { kind: "unknownClient" }],
  ];
  for (const [order, error, why] of unfit) expect(await ask(coordinator, order), order.kind).toEqual({ status: 409, error, why });
  expect((await orders(coordinator)).events).toEqual([]);
  const lines = readFileSync(join(coordinator.folder, "audit.jsonl"), "utf8").trim().split("\n");
  const outcomes = lines.map((line) => (JSON.parse(line) as { outcome: string }).outcome);
  expect(outcomes).toEqual([...wrong.map(() => "malformed"), ...unfit.map(() => "unfit")]);
});

test("P-178 where devices send no updates nothing can be poisoned, and the order is refused with a sentence", async () => {
  const made = strategyRun("fedKSeed");
  const coordinator = await scene.start(made.run, { expectedClients: 2 }, { tuned: tunedOf(made) });
  expect(await ask(coordinator, { kind: "poison", numDevices: 1 })).toEqual({
    status: 409,
    error: "devices of this run send no updates: nothing can be turned round and made larger",
    why: { kind: "noUpdates" },
  });
  expect((await orders(coordinator)).events).toEqual([]);
});

/** Following runs that are made ready when the test says so. */
function heldFollowing() {
  const prepared: string[] = [];
  const begun = deferred<void>();
  const release = deferred<void>();
  const asked = deferred<void>();
  const following: Following = {
    async prepare({ runId }) {
      asked.resolve();
      await release.promise;
      prepared.push(runId);
    },
    begin: () => begun.resolve(),
  };
  return { following, prepared, begun: begun.promise, asked: asked.promise, release: () => release.resolve() };
}

test("P-175 an order whose page is closed before the answer is carried out all the same", async () => {
  const { following, begun, asked, release } = heldFollowing();
  const coordinator = await scene.start(run, {}, { follow: following });
  const page = new AbortController();
  const order = fetch(`${coordinator.url}/control/orders`, {
    method: "POST",
    headers: { authorization: `Bearer ${coordinator.controlToken}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "newRun" }),
    signal: page.signal,
  });
  await asked;
  page.abort();
  await expect(order).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 50)); // until the coordinator has seen the connection close
  release();
  await begun;
  expect(coordinator.orders().events).toMatchObject([{ order: { kind: "newRun" } }]);
});

test("P-179 of two runs that are ordered at once the one that the journal names is the one that was made ready", async () => {
  const { following, prepared, asked, release } = heldFollowing();
  const coordinator = await scene.start(run, {}, { follow: following });
  const first = ask(coordinator, { kind: "newRun", seed: 5 });
  await asked;
  const second = ask(coordinator, { kind: "newRun", seed: 6 });
  expect(await second).toMatchObject({ status: 409, error: "another run is being made ready to follow this one" });
  release();
  expect((await first).status).toBe(200);
  expect(prepared).toEqual([coordinator.orders().events[0]?.nextRunId]);
  expect(await ask(coordinator, { kind: "newRun", seed: 7 })).toMatchObject({ status: 409, error: "another run follows this one already" });
  expect(prepared).toHaveLength(1);
});

test("P-175 an open roster begins on the operator's word, once, and the order is among the others", async () => {
  const coordinator = await scene.start({ ...run, roster: "open", minDevices: 5, cohortSize: 1 });
  const client = scene.join(coordinator, "a", { onTask: () => false });
  await client.when("registered");
  await client.when("status", ({ status }) => status.message?.includes("1 of 5 devices") === true);
  expect((await ask(coordinator, { kind: "start" })).status).toBe(200);
  const { plan } = await coordinator.when("planned");
  expect([plan.tasks.length, plan.orders]).toEqual([1, 1]);
  expect((await ask(coordinator, { kind: "start" })).error).toBe("the run has begun already");
});

test("P-175 a strategy that decides by itself how many devices it asks has no sample fraction", async () => {
  const rank = { rank: 2, epochs: 1, encoding: "f32", batchSize: 4, numExamples: 5 } as const;
  const coordinator = await scene.start(run, {}, { strategy: rankStrategy([rank, rank]) });
  const answer = await ask(coordinator, { kind: "sampleFraction", fraction: 0.5 });
  expect(answer).toEqual({
    status: 409,
    error: "this strategy decides by itself how many devices it asks: it has no sample fraction",
    why: { kind: "noSampleFraction" },
  });
});

test("P-176 an order about a client is in the journal before what follows from it", async () => {
  const keys: string[] = [];
  const kept = memoryStore();
  const store: KeyValueStore = {
    ...kept,
    write(changes) {
      keys.push(...changes.map(([key]) => key));
      kept.write(changes);
    },
  };
  const coordinator = await scene.start(run, { approval: true }, { store });
  const client = scene.join(coordinator, "a");
  await client.when("refused", ({ rule }) => rule === "P-104");
  expect((await ask(coordinator, { kind: "approve", clientKey: client.kept.key })).status).toBe(200);
  expect(keys.filter((key) => /^(order|standing)\//.test(key))).toEqual(["order/00000001", `standing/${client.kept.key}`]);
});

test("P-176 a paused run says so to everybody and plans nothing; resumed, it goes on to its end", async () => {
  let held: (() => void) | null = null;
  const { coordinator, clients } = await withDevices(async ({ round }) => {
    if (round !== 1) return true;
    await new Promise<void>((resolve) => {
      held = chained(held, resolve);
    });
    return true;
  });
  await coordinator.when("planned");
  expect((await ask(coordinator, { kind: "pause" })).event?.number).toBe(1);
  await until(() => held !== null);
  const waiting = coordinator.when("waiting", ({ reason }) => reason === "the operator has paused the run");
  await until(() => {
    held?.();
    return coordinator.steps().length === 1;
  });
  await waiting;
  const told = await clients[0]?.when("status", ({ status }) => status.inForce?.isPaused === true && status.phase === "waiting");
  expect(told?.status.message).toBe("the operator has paused the run");
  expect((await ask(coordinator, { kind: "pause" })).error).toBe("the run is paused already");
  await ask(coordinator, { kind: "resume" });
  const { steps } = await coordinator.whenDone();
  expect(steps).toHaveLength(4);
  expect((await ask(coordinator, { kind: "pause" })).error).toBe("the run is over");
});

test("P-177 the next round closes the open step with what is in, whatever the quorum, and the run goes on with everybody", async () => {
  let isOrdered = false;
  const { coordinator } = await withDevices(async ({ round, deviceId }) => {
    if (round !== 1) return true;
    const { plan } = await coordinator.when("planned");
    if (deviceId === plan.tasks[0]?.deviceId) return true;
    await until(() => isOrdered);
    return true;
  });
  await coordinator.when("accepted");
  expect(await ask(coordinator, { kind: "nextRound" })).toMatchObject({
    status: 200,
    event: { from: { stage: "train", round: 1, step: 1, attempt: 1 } },
  });
  isOrdered = true;
  const { plan, contributions } = await coordinator.when("closed");
  expect([plan.quorum, plan.tasks.length, contributions.length]).toEqual([1, 4, 1]);
  const { steps } = await coordinator.whenDone();
  expect(steps[1]?.counted).toHaveLength(4);
});

test("P-178 with two poisoned devices the mean turns back, while a median hardly moves", async () => {
  const moved = async (aggregation?: RunSettings["aggregation"]) => {
    const changes = { numRounds: 1, evaluateEvery: 1, cohortSize: 6, ...(aggregation === undefined ? {} : { aggregation }) };
    const end = async (orders: readonly OrderInput[]) => {
      const coordinator = await scene.start({ ...run, ...changes }, { expectedClients: 6 });
      for (const order of orders.slice(0, 1)) expect((await ask(coordinator, order)).status).toBe(409); // nobody is here
      await ask(coordinator, { kind: "pause" });
      const clients = ["a", "b", "c", "d", "e", "f"].map((name) => scene.join(coordinator, name));
      await Promise.all(clients.map((client) => client.when("registered")));
      for (const order of [...orders, { kind: "resume" }]) expect((await ask(coordinator, order)).status).toBe(200);
      const { globalParams } = await coordinator.whenDone();
      await coordinator.close();
      return Object.values(globalParams).flatMap(({ data }) => [...data]);
    };
    const [honest, wrong] = [await end([]), await end([{ kind: "poison", factor: 30 }])];
    return Math.max(...honest.map((value, i) => Math.abs(value - (wrong[i] ?? 0))));
  };
  const [mean, median] = [await moved(), await moved({ name: "coordinateMedian" })];
  expect(mean).toBeGreaterThan(5 * median);
});

test("P-178 a run whose settings have orders by round repeats a lesson to the bit, and says what is in force", async () => {
  const orders = [
    { round: 2, order: { kind: "poison", numDevices: 2 } },
    { round: 2, order: { kind: "drop", fraction: 0.5 } },
    { round: 3, order: { kind: "takeBack", what: "drop" } },
  ] as const;
  const end = async (changes: Partial<RunSettings>) => {
    const { coordinator } = await withDevices(() => true, changes);
    const { steps, parametersSha256 } = await coordinator.whenDone();
    const { inForce } = coordinator.status();
    await coordinator.close();
    return { counted: steps.map(({ counted }) => counted.length), parametersSha256, inForce };
  };
  const [plain, first, again] = [await end({}), await end({ orders }), await end({ orders })];
  expect(first.counted).toEqual([4, 2, 4, 6]);
  expect(first.inForce).toMatchObject({ drop: null, poison: { factor: 5 } });
  expect(again).toEqual(first);
  expect(plain.counted).toEqual([4, 4, 4, 6]);
  expect(plain.parametersSha256).not.toBe(first.parametersSha256);
});

test("P-176 which step an order holds from, and what is in force, is known again after a restart", async () => {
  const store = memoryStore();
  const options = { expectedClients: 6 } as const;
  const coordinator = await scene.start(run, options, { store });
  const poisonFirst = await ask(coordinator, { kind: "deadline", deadlineMs: 5000 });
  expect(poisonFirst.status).toBe(200);
  const clients = ["a", "b", "c", "d", "e", "f"].map((name) => scene.join(coordinator, name, { onTask: () => false }));
  const { plan } = await coordinator.when("planned");
  expect([plan.deadlineMs, plan.orders]).toEqual([5000, 1]);
  await ask(coordinator, { kind: "skew" });
  const before = await orders(coordinator);
  expect(before.events.map(({ from }) => from?.round ?? null)).toEqual([1, null]);
  for (const client of clients) client.close();
  await coordinator.close();
  const again = await scene.start(run, options, { store });
  expect(await orders(again)).toEqual(before);
  expect(again.controlToken).toBe(coordinator.controlToken);
});

/** Every one that waits goes on together. */
function chained(first: (() => void) | null, second: () => void): () => void {
  return () => {
    first?.();
    second();
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
