import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { type Coordinator, type CoordinatorOptions, startCoordinator } from "@tutti/server";
import { joinAsClient, newClient, type ProtocolClient, type ProtocolClientOptions, tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { type BenchRow, row } from "../rows.ts";
import type { TorturePlace } from "./part.ts";

/** Who may stay, and what the silent cost: strangers who keep to the protocol, on real sockets. */
export async function torturePlaces(place: TorturePlace): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [what, measure] of [
    ["silent clients of an open run", silentInOpenRun],
    ["silent clients of a fixed run", silentInFixedRun],
    ["one step for more devices than it needs", overSelection],
    ["clients of one address", clientsOfOneAddress],
    ["places that strangers hold", heldPlaces],
  ] as const) {
    if (place.signal.aborted) break;
    place.say(what);
    const stage = await openStage(join(place.folder, String(rows.length)));
    try {
      rows.push(...(await measure(stage, place.signal)));
    } finally {
      await stage.close();
    }
  }
  return rows;
}

/** Coordinators and clients of one measurement. */
interface Stage {
  start(run: RunSettings, options?: Partial<CoordinatorOptions>): Promise<Coordinator>;
  join(coordinator: Coordinator, name: string, options?: Partial<ProtocolClientOptions>): ProtocolClient;
  close(): Promise<void>;
}

async function openStage(folder: string): Promise<Stage> {
  await mkdir(folder, { recursive: true });
  const coordinators: Coordinator[] = [];
  const clients: ProtocolClient[] = [];
  return {
    async start(run, options = {}) {
      const place = { host: "127.0.0.1", port: 0, pagesDir: null, publicDir: folder, logLevel: "silent" } as const;
      const runId = `places${coordinators.length}`;
      const coordinator = await startCoordinator({ dataDir: folder, runId, ...place, run, ...options }, { tuned: tinyTuned(run) });
      coordinators.push(coordinator);
      return coordinator;
    },
    join({ url }, name, options = {}) {
      const client = joinAsClient({ url, kept: newClient(name), ...options });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      for (const coordinator of coordinators) await coordinator.close();
    },
  };
}

const names = (what: string, count: number) => Array.from({ length: count }, (_, i) => `${what}${i}`);
const isSilent = { onTask: () => false };
const numSilent = 12;
const backoff = { maxSteps: 64 };
const openRun = tinyFedAvg({
  roster: "open",
  numDevices: 20,
  maxDevices: 20,
  minDevices: 20,
  cohortSize: 6,
  quorum: 0.7,
  evaluateEvery: 3,
});

async function withSilent({ join: joins }: Stage, coordinator: Coordinator, numWorking: number): Promise<void> {
  for (const name of names("silent", numSilent)) await joins(coordinator, name, isSilent).when("registered");
  for (const name of names("works", numWorking)) joins(coordinator, name);
}

/** Attempts that ended at their deadline, until the run is over or there are `most`. */
function countDeadlines(coordinator: Coordinator, deadlineMs: number, most: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    let plannedAt = 0;
    let count = 0;
    signal.addEventListener("abort", () => resolve(count), { once: true });
    coordinator.subscribe(({ kind }) => {
      if (kind === "planned") plannedAt = performance.now();
      const isEnd = kind === "closing" || kind === "repeated";
      if (isEnd && performance.now() - plannedAt >= 0.95 * deadlineMs) count += 1;
      if (kind === "done" || count >= most) resolve(count);
    });
  });
}

async function silentInOpenRun(stage: Stage, signal: AbortSignal): Promise<BenchRow[]> {
  const deadlineMs = 4000;
  const cost = async (changes: Partial<RunSettings>, most: number) => {
    const coordinator = await stage.start({ ...openRun, deadlineMs, numRounds: 6, ...changes });
    const counted = countDeadlines(coordinator, deadlineMs, most, signal);
    await withSilent(stage, coordinator, 8);
    return counted;
  };
  const most = 8;
  const [before, now] = [await cost({}, most), await cost({ backoff }, most)];
  return [
    row("deadlines that 12 silent clients cost an open run of 8 devices", now, "", { atMost: 1 }),
    { ...row("the same without backoff", before, ""), note: `counted up to ${most}` },
  ];
}

async function silentInFixedRun(stage: Stage): Promise<BenchRow[]> {
  const deadlineMs = 30_000;
  const run = tinyFedAvg({
    numDevices: 8,
    minDevices: 8,
    cohortSize: 6,
    quorum: 0.7,
    deadlineMs,
    numRounds: 12,
    evaluateEvery: 6,
    backoff,
  });
  const coordinator = await stage.start(run);
  await withSilent(stage, coordinator, 2);
  const { steps } = await coordinator.whenDone();
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const numAttempts = steps.reduce((sum, { attempt }) => sum + attempt, 0);
  return [
    row("time of a fixed run of 8 devices with 12 silent clients, in deadlines", (1000 * seconds) / deadlineMs, "", { atMost: 1 }),
    row("attempts beyond one for each of its steps", numAttempts - steps.length, "", { atMost: 0 }),
  ];
}

async function overSelection(stage: Stage): Promise<BenchRow[]> {
  const run: RunSettings = { ...openRun, numRounds: 5, evaluateEvery: 5, overSelection: 1.3 };
  const coordinator = await stage.start(run);
  for (const name of names("w", 20)) stage.join(coordinator, name);
  const { steps } = await coordinator.whenDone();
  const rounds = steps.filter(({ kind }) => kind === "train");
  const numOff = rounds.filter(({ counted, cohort }) => counted.length !== 6 || cohort.length !== 8).length;
  return [row("rounds with overSelection 1.3 that did not ask 8 devices and count 6", numOff, "", { atMost: 0 })];
}

/** A client that a proxy says comes from this address, whatever it claims itself. */
const behind = (address: string): Partial<ProtocolClientOptions> => ({
  ...isSilent,
  socketOptions: { extraHeaders: { "x-forwarded-for": `10.6.6.6, ${address}` } },
});

/** How many of these clients are welcomed. */
async function numWelcomed(clients: readonly ProtocolClient[]): Promise<number> {
  const answers = await Promise.all(clients.map((client) => Promise.race([client.when("welcome"), client.when("refused")])));
  return answers.filter(({ kind }) => kind === "welcome").length;
}

async function clientsOfOneAddress(stage: Stage): Promise<BenchRow[]> {
  const coordinator = await stage.start({ ...openRun, maxDevices: 1000, minDevices: 1000 }, { trustProxy: 1 });
  const school = await numWelcomed(names("pupil", 60).map((name) => stage.join(coordinator, name, behind("203.0.113.7"))));
  const crowd = await numWelcomed(names("bot", 260).map((name) => stage.join(coordinator, name, behind("198.51.100.9"))));
  const others = await numWelcomed(names("other", 10).map((name, i) => stage.join(coordinator, name, behind(`192.0.2.${i}`))));
  return [
    row("of 60 clients on one public address, those that get in", school, "", { atLeast: 60 }),
    row("of 260 clients on one public address, those that get in", crowd, "", { atMost: 200 }),
    row("of 10 clients on other addresses, those that get in then", others, "", { atLeast: 10 }),
  ];
}

async function heldPlaces(stage: Stage): Promise<BenchRow[]> {
  const coordinator = await stage.start(
    { ...openRun, minDevices: 20 },
    { leaseMs: 1000, graceMs: 200, reservationMs: 1000, maxSpectators: 30 },
  );
  const strangers = names("stranger", 20).map((name, i) =>
    stage.join(coordinator, name, { ...isSilent, ...(i % 2 === 0 ? {} : { onLoad: async () => false }) }),
  );
  await Promise.all(strangers.map((client, i) => (i % 2 === 0 ? client.when("registered") : client.when("welcome"))));
  for (const [i, client] of strangers.entries()) if (i % 2 === 0) client.close(); // registered and gone, or reserved and there
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const honest = await numWelcomed(names("honest", 20).map((name) => stage.join(coordinator, name, isSilent)));
  const watching = names("watcher", 50).map((name) => stage.join(coordinator, name, { socketOptions: { autoConnect: false } }));
  for (const { socket } of watching) {
    socket.off("connect"); // it never says hello
    socket.connect();
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const numTold = watching.filter(({ events }) => events.some(({ kind }) => kind === "status")).length;
  return [
    row("of 20 places that strangers reserved or registered, those that newcomers get", honest, "", { atLeast: 20 }),
    row("of 50 sockets that only watch, those that are told a status where 30 may", numTold, "", { atMost: 30 }),
  ];
}
