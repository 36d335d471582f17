import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunSettings } from "@tutti/core";
import { type Coordinator, type RunOutcome, startCoordinator } from "@tutti/server";
import { type ProtocolClient, tinyTuned } from "@tutti/server/testing";
import { type BenchRow, row } from "../rows.ts";
import { type Crowd, createCrowd, drawsFor, faultRun, orAborted, startCuttingProxy } from "./faultScene.ts";
import type { TorturePlace } from "./part.ts";

/** What a run under a fault came to. */
interface Outcome {
  readonly done: RunOutcome;
  /** Accepted contributions that their step did not count exactly once. */
  readonly numMiscounted: number;
  /** How often the fault happened. */
  readonly numFaults: number;
}

/** Joins clients that have a fault; returns how often it happened so far. */
type Fault = (crowd: Crowd, coordinator: Coordinator) => Promise<() => number>;

/** Clients that die, are silent, sleep, come twice, mix up their order or are cut off: the run ends, with the bits of a calm one. */
export async function tabRows({ folder, seed, signal, say }: TorturePlace): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const calm = await outcomeOf(join(folder, "calm"), { fault: calmClients, numClients: 3, signal });
  const tell = async (name: string, fault: Fault, { changes = {}, numClients = 4, losesTasks = false }: Partial<Asked> = {}) => {
    say(name);
    const asked = { fault, numClients, signal, changes };
    const { done, numMiscounted, numFaults } = await outcomeOf(join(folder, name.replaceAll(/\W+/g, "-")), asked);
    rows.push(row(`times that a client was ${name}`, numFaults, "", { atLeast: 1 }));
    rows.push(row(`${name}: contributions not counted exactly once`, numMiscounted, "", { atMost: 0 }));
    // a step that closes without one of its devices is another step
    if (losesTasks) rows.push(row(`${name}: rounds of the run that are done`, done.summary.round, "", { atLeast: 3 }));
    else
      rows.push(
        row(`${name}: other bits than a calm run`, done.parametersSha256 === calm.done.parametersSha256 ? 0 : 1, "", { atMost: 0 }),
      );
  };
  await tell("killed in every round, 30 % of them", dying(seed), { numClients: null });
  await tell("silent", silent, { changes: { deadlineMs: 500, quorum: 0.5, numRounds: 3 }, losesTasks: true });
  await tell("asleep", asleep(signal));
  await tell("there twice", duplicated);
  await tell("mixing up its order", reordered(seed), { numClients: 3 });
  await tell("cut off in an upload", cutOff(seed));
  await tell("without its GPU", withoutGpu, { changes: { quorum: 0.5, numRounds: 3 }, losesTasks: true });
  return rows;
}

interface Asked {
  readonly fault: Fault;
  readonly signal: AbortSignal;
  /** Whether tasks end without a contribution. */
  readonly losesTasks?: boolean;
  /** The run begins when they are there; null where any may come. */
  readonly numClients: number | null;
  readonly changes?: Partial<RunSettings>;
}

async function outcomeOf(folder: string, { fault, signal, numClients, changes }: Asked): Promise<Outcome> {
  const run = faultRun(changes);
  const options = { host: "127.0.0.1", port: 0, pagesDir: null, logLevel: "silent", runId: "tortured", dataDir: folder } as const;
  const coordinator = await startCoordinator(
    { ...options, publicDir: folder, graceMs: 300, registerTimeoutMs: 2000, expectedClients: numClients, run },
    { tuned: tinyTuned(run) },
  );
  const crowd = createCrowd(coordinator.url);
  const count = countContributions(coordinator);
  try {
    const numFaults = await fault(crowd, coordinator);
    const done = await orAborted(signal, coordinator.whenDone());
    return { done, numMiscounted: count(), numFaults: numFaults() };
  } finally {
    crowd.close();
    await coordinator.close();
  }
}

/** Each accepted contribution is in the set of its step once, and nothing else is. */
function countContributions(coordinator: Coordinator): () => number {
  let accepted: number[] = [];
  let numMiscounted = 0;
  coordinator.subscribe((event) => {
    if (event.kind === "accepted") accepted.push(event.deviceId);
    if (event.kind === "repeated") accepted = [];
    if (event.kind !== "closed") return;
    const counted = event.contributions.map(({ deviceId }) => deviceId);
    // contributions to the next step may be in by now
    for (const id of counted) {
      const at = accepted.indexOf(id);
      if (at < 0) numMiscounted += 1;
      else accepted.splice(at, 1);
    }
    numMiscounted += counted.length - new Set(counted).size;
  });
  return () => numMiscounted + accepted.length;
}

const calmClients: Fault = async (crowd) => {
  for (const name of ["a", "b", "c"]) crowd.join(name);
  return () => 0;
};

/** Of ten tabs three die in every round, with a task in their hands, and three new ones come. */
const dying =
  (seed: number): Fault =>
  async (crowd, coordinator) => {
    const random = drawsFor(seed, "dying tabs");
    const living = new Set<ProtocolClient>();
    const doomed = new Set<ProtocolClient>();
    let numDead = 0;
    let numJoined = 0;
    const add = () => {
      const client = crowd.join(`tab${numJoined++}`, {
        onTask() {
          if (!doomed.has(client)) return true;
          die(client);
          return false;
        },
      });
      living.add(client);
    };
    const die = (client: ProtocolClient) => {
      if (!living.delete(client)) return;
      doomed.delete(client);
      numDead += 1;
      client.socket.io.engine.close(); // as a process that ends: no word of leaving
      client.close();
      add();
    };
    for (let i = 0; i < 10; i++) add();
    coordinator.subscribe((event) => {
      if (event.kind !== "planned") return;
      for (const client of [...doomed]) die(client);
      for (const client of random.shuffle([...living]).slice(0, 3)) doomed.add(client);
    });
    return () => numDead;
  };

/** Takes tasks and says nothing more; its steps close at their deadline, and it is handed less from then on (P-29). */
const silent: Fault = async (crowd, coordinator) => {
  let count = 0;
  await calmClients(crowd, coordinator);
  crowd.join("quiet", {
    onTask() {
      count += 1;
      return false;
    },
  });
  return () => count;
};

/** A client's process that is stopped for a while, with a task in its hands, as a laptop that is closed. */
const asleep =
  (signal: AbortSignal): Fault =>
  async (crowd, coordinator) => {
    await calmClients(crowd, coordinator);
    const path = fileURLToPath(new URL("./sleepingClient.ts", import.meta.url));
    const child = fork(path, [coordinator.url, "sleeper"], { execArgv: ["--import", "tsx"] });
    let count = 0;
    signal.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
    void coordinator.whenClosed().then(() => child.kill("SIGKILL"));
    child.on("message", () => {
      count += 1;
      child.kill("SIGSTOP");
      setTimeout(() => child.kill("SIGCONT"), 700);
    });
    return () => count;
  };

/** The same key in two tabs, and every contribution sent twice. */
const duplicated: Fault = async (crowd, coordinator) => {
  await calmClients(crowd, coordinator);
  let count = 0;
  const twice = crowd.join("twice", {
    async onTask(lease) {
      const submission = await twice.prepare(lease);
      await Promise.all([twice.call("submit", submission), twice.call("submit", submission)]);
      count += 1;
      if (count % 2 === 0) crowd.rejoin(twice.kept);
      return true;
    },
  });
  return () => count;
};

/** Holds contributions back and sends them in another order. */
const reordered =
  (seed: number): Fault =>
  async (crowd) => {
    const random = drawsFor(seed, "order");
    let count = 0;
    for (const name of ["a", "b", "c"]) {
      crowd.join(name, {
        async onTask() {
          count += 1;
          await new Promise((resolve) => setTimeout(resolve, random.integer(60)));
          return true;
        },
      });
    }
    return () => count;
  };

/** Every connection of a client ends somewhere in the bytes that it sends up. */
const cutOff =
  (seed: number): Fault =>
  async (crowd, coordinator) => {
    await calmClients(crowd, coordinator);
    const random = drawsFor(seed, "cuts");
    const proxy = await startCuttingProxy(coordinator.port);
    void coordinator.whenClosed().then(() => proxy.close());
    const behind = createCrowd(proxy.url);
    void coordinator
      .whenDone()
      .finally(() => behind.close())
      .catch(() => undefined);
    behind.join("behind", {
      onTask() {
        proxy.cutAfter(1 + random.integer(1500));
        return true;
      },
    });
    return () => proxy.numCuts;
  };

/** A client whose GPU is gone: it declines each task, and in the end all of them. */
const withoutGpu: Fault = async (crowd, coordinator) => {
  await calmClients(crowd, coordinator);
  let count = 0;
  const lost = crowd.join("lost", {
    async onTask({ taskId }) {
      count += 1;
      const reason = "the GPU device was lost";
      await lost.call("decline", { taskId: count < 3 ? taskId : null, reason });
      return false;
    },
  });
  return () => count;
};
