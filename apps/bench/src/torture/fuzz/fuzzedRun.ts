import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type RunSettings } from "@tutti/core";
import type { Submit } from "@tutti/protocol";
import { freePort, joinAsClient, newClient, type ProtocolClient, startKillable, tinyFedAvg } from "@tutti/server/testing";
import { changedSubmissions, type HostileSender, strangePackets, strangeRequests, strangersCalls } from "./hostileSockets.ts";

/** What a run that was sent hostile input came to. */
export interface FuzzedRun {
  readonly parametersSha256: string;
  /** What was sent, by sender. */
  readonly numSent: Readonly<Record<string, number>>;
  /** Answers without a rule, and answers that did not come. */
  readonly faults: readonly string[];
  /** The most memory that the coordinator's process held; null where the system does not say. */
  readonly peakBytes: number | null;
}

/** The coordinator of a run that is sent hostile input. */
export interface FuzzedCoordinator {
  readonly url: string;
  /** The hash of the run's parameters. */
  whenDone(): Promise<string>;
  /** What it says when its process ends before it should. */
  exits(): readonly string[];
  peakBytes(): number | null;
  stop(): Promise<void>;
}

/** How much is sent while a run goes on. */
export interface FuzzedRunOptions {
  start(run: RunSettings): Promise<FuzzedCoordinator>;
  readonly seed: number;
  /** Of all senders together; 0 for the run alone. */
  readonly numCases: number;
  readonly signal: AbortSignal;
}

const run: RunSettings = tinyFedAvg({ numRounds: 6, evaluateEvery: 3, cohortSize: 4, quorum: 1 });
const numTasks = 6 * 4 + 2 * 4;
const sizes = { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 };

/** What beside the run's settings a fuzzed coordinator is told: devices stay where they are. */
export const fuzzedOptions = { host: "127.0.0.1", pagesDir: null, logLevel: "silent", expectedClients: 2, homeless: "leave" } as const;

/** A coordinator in its own process. */
export async function startInProcess(run: RunSettings, folder: string, runId: string): Promise<FuzzedCoordinator> {
  const options = { ...fuzzedOptions, port: await freePort(), dataDir: folder, publicDir: folder, runId };
  const coordinator = await startKillable({ options: { ...options, run }, sizes, numClasses: 3 });
  const exits: string[] = [];
  let isStopped = false;
  coordinator.onExit((code) => {
    if (!isStopped) exits.push(`the coordinator's process ended (${code})`);
  });
  return {
    url: coordinator.url,
    whenDone: async () => (await coordinator.whenDone()).parametersSha256,
    exits: () => exits,
    peakBytes: () => peakOf(join(folder, runId)),
    stop() {
      isStopped = true;
      return coordinator.stop();
    },
  };
}

/** A run with two honest clients, which work on while hostile senders send; its result is its own all the same. */
export async function runFuzzed({ start, seed, numCases, signal }: FuzzedRunOptions): Promise<FuzzedRun> {
  const coordinator = await start(run);
  const { url } = coordinator;
  const sent: Submit[] = [];
  const pace = createPace(numTasks);
  const clients = ["a", "b"].map((name) => {
    const client: ProtocolClient = joinAsClient({
      url,
      kept: newClient(name),
      async onTask(lease) {
        await pace.next();
        sent.push(await client.prepare(lease));
        return true;
      },
    });
    return client;
  });
  const senders = [
    strangersCalls(url),
    strangePackets(url),
    strangeRequests(url),
    ...clients.map(({ socket }) => changedSubmissions(socket, () => sent.slice(0, -4))),
  ];
  try {
    const done = coordinator.whenDone();
    const sending = send(senders, { seed, numCases, pace, signal, isOver: () => coordinator.exits().length > 0 });
    const [parametersSha256, { numSent, faults }] = await Promise.all([done, sending]);
    const isHealthy = (await fetch(`${url}/healthz`)).ok;
    const all = [...faults, ...coordinator.exits(), ...(isHealthy ? [] : ["it is not healthy"])];
    return { parametersSha256, numSent, faults: all, peakBytes: coordinator.peakBytes() };
  } finally {
    for (const { close } of [...clients, ...senders]) close();
    await coordinator.stop();
  }
}

interface Sending {
  readonly seed: number;
  readonly numCases: number;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  isOver(): boolean;
}

/** Each sender sends one thing after another, all senders at once. */
async function send(senders: readonly HostileSender[], { seed, numCases, pace, signal, isOver }: Sending) {
  const numSent: Record<string, number> = {};
  const faults: string[] = [];
  const shares = sharesOf(senders, numCases);
  const total = shares.reduce((sum, share) => sum + share, 0);
  let numDone = 0;
  await Promise.all(
    senders.map(async (sender, at) => {
      for (let i = 0; i < (shares[at] ?? 0) && !signal.aborted && !isOver(); i++) {
        const fault = await sender.send(createRandom(seed).stream({ purpose: sender.name, device: at, round: i }));
        if (fault !== null) faults.push(`${sender.name}, case ${i}, seed ${seed}: ${fault}`);
        numSent[sender.name] = (numSent[sender.name] ?? 0) + 1;
        numDone += 1;
        pace.reached(numDone / total);
      }
    }),
  );
  pace.reached(1);
  return { numSent, faults };
}

/** Equal shares, but for senders that send no more. */
function sharesOf(senders: readonly HostileSender[], numCases: number): number[] {
  const most = ({ most: own = Number.POSITIVE_INFINITY }: HostileSender) => Math.min(own, Math.ceil(numCases / senders.length));
  const bounded = senders.filter((sender) => sender.most !== undefined);
  const left = Math.max(0, numCases - bounded.reduce((sum, sender) => sum + most(sender), 0));
  const numOthers = senders.length - bounded.length;
  return senders.map((sender) => (sender.most === undefined ? Math.ceil(left / numOthers) : most(sender)));
}

type Pace = ReturnType<typeof createPace>;

/** Lets tasks through as the sending gets on, so that the run goes on for as long as there is something to send. */
function createPace(numTasks: number) {
  const waiting: (() => void)[] = [];
  let [allowed, taken] = [0, 0];
  const admit = () => {
    while (waiting.length > 0 && taken < allowed) {
      taken += 1;
      waiting.shift()?.();
    }
  };
  return {
    next(): Promise<void> {
      return new Promise((resolve) => {
        waiting.push(resolve);
        admit();
      });
    },
    reached(fraction: number) {
      allowed = fraction >= 1 ? Number.POSITIVE_INFINITY : Math.max(8, Math.floor(fraction * numTasks));
      admit();
    },
  };
}

/** Linux says the peak of a process; the coordinator's lock names its process. */
function peakOf(runFolder: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(join(runFolder, "control.json"), "utf8")) as { pid: number };
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? null : Number(found[1]) * 1024;
  } catch {
    return null;
  }
}
