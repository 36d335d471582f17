import { noDeviceConnected, type Saying } from "@tutti/core";
import { expect, test } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";
import { type ClientFacts, createClientTally, type Waited, whyWaiting } from "./waiting.ts";

const scene = createScene();
const ready: ClientFacts = { connection: { isWelcomed: true }, isPaused: false, hasDeclined: false };
const paused: ClientFacts = { ...ready, isPaused: true };
const declined: ClientFacts = { ...ready, hasDeclined: true };
const away: ClientFacts = { ...paused, connection: null };

function why(message: string, clients: readonly ClientFacts[], said: readonly Saying[] | null = null): Waited {
  const tally = createClientTally<ClientFacts>();
  for (const client of clients) tally.look({ ...client });
  return whyWaiting({ message, said }, tally.counts());
}

test("clients are counted by what they do now, however often each is looked at and in whatever order they change", () => {
  const tally = createClientTally<ClientFacts>();
  const clients = Array.from({ length: 3 }, () => ({ connection: { isWelcomed: true }, isPaused: false, hasDeclined: false }));
  const change = (i: number, facts: Partial<ClientFacts>): ReturnType<typeof tally.counts> => {
    const client = clients[i];
    if (client !== undefined) tally.look(Object.assign(client, facts));
    return tally.counts();
  };
  const counted = (numConnected: number, numPaused: number, numDeclined: number, numWorking: number) => {
    return { numConnected, numPaused, numDeclined, numWorking };
  };
  for (const i of [0, 1, 2, 1]) change(i, {});
  expect(tally.counts()).toEqual(counted(3, 0, 0, 3));
  expect(change(1, { hasDeclined: true })).toEqual(counted(3, 0, 1, 2));
  expect(change(1, { isPaused: true })).toEqual(counted(3, 1, 0, 2));
  expect(change(2, { isPaused: true })).toEqual(counted(3, 2, 0, 1));
  expect(change(2, { connection: null })).toEqual(counted(2, 1, 0, 1));
  expect(change(2, { isPaused: false })).toEqual(counted(2, 1, 0, 1));
  expect(change(1, { isPaused: false })).toEqual(counted(2, 0, 1, 1));
  expect(change(2, { connection: { isWelcomed: false } })).toEqual(counted(3, 0, 1, 1));
  expect(change(2, { connection: { isWelcomed: true } })).toEqual(counted(3, 0, 1, 2));
});

test("a run that waits says how many tabs are paused, unable or getting ready, and speaks of none only where none is connected", () => {
  const cases: readonly (readonly [readonly ClientFacts[], string])[] = [
    [[], "no device is connected"],
    [[away], "no device is connected"],
    [[paused], "the only connected tab is paused"],
    [[paused, paused, away, paused], "all 3 connected tabs are paused"],
    [[ready, ready], "no device can work yet: 2 tabs are getting ready"],
    [
      [paused, ready, declined, declined],
      "no device can work yet: 1 tab is paused, 2 tabs are unable to take part, 1 tab is getting ready",
    ],
  ];
  for (const [clients, sentence] of cases) expect(why(noDeviceConnected, clients).message).toBe(sentence);
  const tooFew = "3 devices can take part, at least 4 are needed";
  expect(why(tooFew, [ready, ready]).message).toBe(tooFew);
  expect(why(tooFew, [ready, paused]).message).toBe(`${tooFew}; 1 tab is paused`);
});

test("what a waiting run says comes as kinds with figures too, so that pages can word it, and without any where it has none", () => {
  const nobody: readonly Saying[] = [{ kind: "nobodyConnected" }];
  const tooFew: Saying = { kind: "tooFew", count: 3, needed: 4 };
  expect(why(noDeviceConnected, [away], nobody).said).toEqual(nobody);
  expect(why(noDeviceConnected, [paused, paused], nobody).said).toEqual([{ kind: "allPaused", count: 2 }]);
  expect(why(noDeviceConnected, [paused, declined, ready, ready], nobody).said).toEqual([
    { kind: "noneWorks", numPaused: 1, numDeclined: 1, numArriving: 2 },
  ]);
  expect(why("3 devices", [ready, paused], [tooFew]).said).toEqual([tooFew, { kind: "tabsPaused", count: 1 }]);
  expect(why("from a strategy of its user's", [ready, paused]).said).toBeNull();
});

test("when the only tab pauses, the status says that it is paused, and not that no device is connected", async () => {
  const coordinator = await scene.start(tinyFedAvg({ cohortSize: 1 }), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: ({ round }) => round === 1 });
  await a.when("task", ({ lease }) => lease.round === 2);
  await a.call("pause", { isPaused: true });
  for (const { lease } of a.events.filter((event) => event.kind === "task"))
    if (lease.round === 2) await a.call("decline", { taskId: lease.taskId, reason: "paused" });
  await coordinator.when("status", ({ status }) => status.phase === "waiting" && status.message === "the only connected tab is paused");
  expect(coordinator.status()).toMatchObject({
    numConnected: 1,
    numPaused: 1,
    message: "the only connected tab is paused",
    said: [{ kind: "allPaused", count: 1 }],
  });
});
