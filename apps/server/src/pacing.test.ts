import type { RunSettings } from "@tutti/core";
import { expect, test, vi } from "vitest";
import { openJournal } from "./journal/journal.ts";
import { memoryStore } from "./journal/keyValueStore.ts";
import { createClientTable } from "./pool/clientTable.ts";
import { type ManualClock, manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const deadlineMs = 60_000;
const open = tinyFedAvg({
  roster: "open",
  numDevices: 20,
  maxDevices: 20,
  minDevices: 20,
  cohortSize: 6,
  quorum: 0.7,
  deadlineMs,
  numRounds: 6,
  evaluateEvery: 3,
});
const backoff = { maxSteps: 64 };
const names = (what: string, count: number) => Array.from({ length: count }, (_, i) => `${what}${i}`);

/** Twelve clients that answer nothing once they are registered, and then some that work. */
async function fill(coordinator: WatchedCoordinator, numWorking: number): Promise<readonly ProtocolClient[]> {
  for (const name of names("silent", 12)) await scene.join(coordinator, name, { onTask: () => false }).when("registered");
  return names("works", numWorking).map((name) => scene.join(coordinator, name));
}

/** Lets `periodMs` pass whenever all that work have done what they were given; how often it had to until the run was over. */
async function countPeriods(
  coordinator: WatchedCoordinator,
  works: readonly ProtocolClient[],
  clock: ManualClock,
  periodMs: number,
): Promise<number> {
  const count = (kind: string) => works.flatMap(({ events }) => events).filter((event) => event.kind === kind).length;
  const isQuiet = () => coordinator.status().tasksOut > 0 && count("task") === count("submitted");
  for (let numPassed = 0; ; numPassed++) {
    let numQuiet = 0;
    while (numQuiet < 5 && coordinator.status().phase !== "done") {
      await new Promise((resolve) => setTimeout(resolve, 30));
      numQuiet = isQuiet() ? numQuiet + 1 : 0;
    }
    if (numQuiet < 5 || numPassed > 20) return numPassed;
    clock.advance(periodMs);
  }
}

test("twelve silent clients in an open run of eight devices cost at most one deadline (P-116)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start({ ...open, backoff }, {}, { clock });
  const works = await fill(coordinator, 8);
  expect(await countPeriods(coordinator, works, clock, deadlineMs)).toBeLessThanOrEqual(1);
  expect(coordinator.steps().every(({ attempt }) => attempt <= 2)).toBe(true);
});

test("twelve silent clients in a fixed run of eight devices cost less than one deadline: their tasks are taken back (P-118)", async () => {
  const clock = manualClock();
  const fixed = tinyFedAvg({ numDevices: 8, minDevices: 8, cohortSize: 6, quorum: 0.7, deadlineMs, numRounds: 4, evaluateEvery: 2 });
  const content = new Map<string, Uint8Array>();
  const coordinator = await scene.start({ ...fixed, backoff }, {}, { clock, store: memoryStore(content) });
  const works = await fill(coordinator, 2);
  const periodMs = 5000;
  expect((await countPeriods(coordinator, works, clock, periodMs)) * periodMs).toBeLessThanOrEqual(deadlineMs);
  const steps = coordinator.steps();
  expect(steps.map(({ attempt }) => attempt)).toEqual(steps.map(() => 1));
  expect(steps.map(({ counted, cohort }) => counted.length === cohort.length)).toEqual(steps.map(() => true));
  await coordinator.close();
  const { clients = [] } = openJournal(memoryStore(content)).contents() ?? {};
  const failed = clients.filter(({ failures = 0 }) => failures > 0).map(({ clientKey }) => clientKey);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.every((key) => key.startsWith("client-silent"))).toBe(true);
  expect(createClientTable([{ clientKey: "k", ordinal: 0, nickname: null, failures: 3 }]).at(0)).toMatchObject({
    numFailures: 3,
    barredUntil: 8,
  });
});

test("an over-selected step accepts S contributions and answers late to the next (P-115)", async () => {
  const run: RunSettings = { ...open, minDevices: 8, numDevices: 8, overSelection: 1.3, numRounds: 1, evaluateEvery: 1 };
  const coordinator = await scene.start(run);
  const held: (() => void)[] = [];
  const clients = names("w", 8).map((name) =>
    scene.join(coordinator, name, {
      onTask: ({ spec }) => (spec.kind === "train" ? new Promise((resolve) => held.push(() => resolve(true))) : true),
    }),
  );
  await vi.waitFor(() => expect(held).toHaveLength(8), { interval: 5 });
  for (const release of held) release();
  const { steps } = await coordinator.whenDone();
  expect(steps[0]?.counted).toHaveLength(6);
  const answers = clients.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.kind === "submitted" && event.lease.spec.kind === "train" && event.outcome.ok ? [event.outcome.value.outcome] : [],
    ),
  );
  expect(answers.filter((answer) => answer === "accepted")).toHaveLength(6);
  expect(answers.every((answer) => answer === "accepted" || answer === "late")).toBe(true);
});

test("a coordinator that is started again still knows who was late: it rests on, and is not asked (P-116)", async () => {
  const clock = manualClock();
  const run: RunSettings = {
    ...open,
    backoff,
    numDevices: 4,
    maxDevices: 4,
    minDevices: 4,
    cohortSize: 4,
    quorum: 0.5,
    numRounds: 3,
    evaluateEvery: 3,
  };
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(run, {}, { clock, store: memoryStore(content) });
  const works = names("works", 3).map((name) => scene.join(first, name, { onTask: ({ round }) => round === 1 }));
  for (const client of works) await client.when("registered");
  const silent = scene.join(first, "silent", { onTask: () => false });
  await silent.when("registered");
  await Promise.all(works.map((client) => client.when("submitted")));
  clock.advance(deadlineMs);
  await first.when("planned", ({ plan }) => plan.round === 2);
  await first.close();
  const silentId = [...silent.kept.devices.keys()][0];
  expect(first.steps()[0]?.cohort).toContain(silentId);
  const second = await scene.start(run, {}, { clock: manualClock(), store: memoryStore(content) });
  for (const client of works) scene.join(second, "", { kept: client.kept });
  scene.join(second, "", { kept: silent.kept, onTask: () => false });
  const { steps } = await second.whenDone();
  expect(steps.slice(1, 3).map(({ cohort }) => cohort.includes(silentId ?? -1))).toEqual([false, false]);
});

test("a run's deadlines follow what its contributions took (P-117)", async () => {
  const clock = manualClock();
  const run: RunSettings = {
    ...open,
    numDevices: 6,
    maxDevices: 6,
    minDevices: 6,
    numRounds: 2,
    evaluateEvery: 2,
    adaptiveDeadline: { deviations: 3, floorMs: 2000 },
  };
  const coordinator = await scene.start(run, {}, { clock });
  const held: (() => void)[] = [];
  for (const name of names("w", 6)) {
    scene.join(coordinator, name, {
      onTask: ({ round }) => (round === 1 ? new Promise((resolve) => held.push(() => resolve(true))) : false),
    });
  }
  await vi.waitFor(() => expect(held).toHaveLength(6), { interval: 5 });
  clock.advance(5000);
  for (const release of held) release();
  const { plan } = await coordinator.when("planned", (event) => event.plan.round === 2);
  expect(plan.deadlineMs).toBe(5000);
  await coordinator.close();
});
