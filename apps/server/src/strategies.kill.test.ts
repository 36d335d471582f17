import { type ClientProfile, deferred, type StrategyName, strategies } from "@tutti/core";
import { afterEach, expect, test } from "vitest";
import { type KeptClient, newClient } from "./testing/keptClient.ts";
import { startKillableRuns } from "./testing/killableRuns.ts";
import { joinAsClient, type ProtocolClient, type ProtocolClientOptions } from "./testing/protocolClient.ts";
import { startTestCoordinator, temporaryFolder } from "./testing/startTest.ts";
import { publicDir, type StrategyRun, strategyRun, tunedOf } from "./testing/strategyRuns.ts";

const names = Object.keys(strategies) as StrategyName[];
const machine: ClientProfile = { flopsPerSecond: 1e10, memoryBytes: 1e9, bytesPerSecond: 1e7 };
/** The round in whose first step the process is killed. */
const killedRound = 2;
const how = { expectedClients: 2, homeless: "leave", logLevel: "error" } as const;
const closeables: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

interface Place {
  readonly url: string;
  readonly computeToken: string | null;
}

/** Two clients of a run, and a compute client where it has a token for one; `kept` are the same clients as before. */
function joinAll({ url, computeToken }: Place, kept: readonly KeptClient[], onTask: ProtocolClientOptions["onTask"]): ProtocolClient[] {
  const joined = kept.flatMap((one, i) => {
    const common = { url, kept: one, onTask: onTask ?? (() => true) };
    if (i < 2) return [joinAsClient({ ...common, machine })];
    return computeToken === null ? [] : [joinAsClient({ ...common, hosting: "compute", token: computeToken })];
  });
  closeables.push(() => joined.map((client) => client.close()));
  return joined;
}

const newClients = () => ["a", "b", "compute"].map(newClient);

/** What each device keeps to itself, by its id. */
function statesOf(kept: readonly KeptClient[]) {
  const devices = kept.flatMap((client) => [...client.devices]).sort(([a], [b]) => a - b);
  return devices.map(([deviceId, { state }]) => [deviceId, state]);
}

/** How a run ends that nobody disturbs. */
async function calmEnd(made: StrategyRun) {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const options = { ...how, runId: made.name, publicDir } as const;
  const coordinator = await startTestCoordinator(made.run, folder.path, options, { tuned: tunedOf(made) });
  closeables.push(() => coordinator.close());
  const kept = newClients();
  joinAll(coordinator, kept, undefined);
  const { parametersSha256, steps } = await coordinator.whenDone();
  return { parametersSha256, steps: steps.map(({ round, step, counted }) => `${round}.${step} ${counted}`), states: statesOf(kept) };
}

/** Clients that let one contribution of the killed round's first step through, and are silent about the others. */
function joinUntilKilled(place: Place) {
  const kept = newClients();
  const isHolding = deferred<void>();
  const isIn = deferred<void>();
  let hasOne = false;
  const clients = joinAll(place, kept, ({ round, stage }) => {
    if (stage !== "train" || round !== killedRound) return true;
    const isFirst = !hasOne;
    hasOne = true;
    if (!isFirst) isHolding.resolve();
    return isFirst;
  });
  for (const client of clients)
    void client.when("submitted", ({ lease: { stage, round } }) => stage === "train" && round === killedRound).then(() => isIn.resolve());
  return { kept, clients, isInTheMiddle: Promise.all([isHolding.promise, isIn.promise]) };
}

/** Tasks whose contribution the first process accepted and that the second one asked a client for again. */
function askedAgain(before: readonly ProtocolClient[], after: readonly ProtocolClient[]): string[] {
  const accepted = new Set(
    before.flatMap(({ events }) => events.flatMap((event) => (event.kind === "submitted" && event.outcome.ok ? [event.lease.taskId] : []))),
  );
  expect(accepted.size).toBeGreaterThan(1);
  const tasks = after.flatMap(({ events }) => events.flatMap((event) => (event.kind === "task" ? [event.lease.taskId] : [])));
  return tasks.filter((taskId) => accepted.has(taskId));
}

/** The same clients with the run's next process, which must be where the first one was. */
function rejoin(
  name: string,
  place: (Place & { readonly at: string }) | undefined,
  before: ReturnType<typeof joinUntilKilled> | undefined,
) {
  if (place === undefined || before === undefined) throw new Error(`${name} does not listen`);
  expect(place.at, name).toBe(`train ${killedRound}.1`);
  for (const client of before.clients) client.close();
  return joinAll(place, before.kept, undefined);
}

test("every strategy of the table has a run that is checked here", () => {
  for (const name of names) expect(strategyRun(name).run.strategy.name).toBe(name);
});

test("every strategy goes on in the same round after SIGKILL, asks for nothing again, and ends with the bits of a run without", async () => {
  const runs = names.map(strategyRun);
  const calm = runs.map(calmEnd);
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const places = { host: "127.0.0.1", port: 0, dataDir: folder.path, pagesDir: null, publicDir } as const;
  const killable = await startKillableRuns(
    runs.map(({ name, run, sizes }) => ({ options: { ...places, ...how, runId: name, run }, sizes, numClasses: 3 })),
  );
  closeables.push(() => killable.stop());
  const first = new Map([...killable.listening()].map(([runId, place]) => [runId, joinUntilKilled(place)]));
  await Promise.all([...first.values()].map(({ isInTheMiddle }) => isInTheMiddle));
  await killable.killAndRestart();
  const later = runs.map(({ name }) => rejoin(name, killable.listening().get(name), first.get(name)));
  for (const [i, { name, run }] of runs.entries()) {
    const { states, ...expected } = (await calm[i]) ?? {};
    const found = await killable.whenDone(name);
    expect(found, name).toMatchObject(expected);
    expect(statesOf(first.get(name)?.kept ?? []), name).toEqual(states);
    expect(found.steps.length, name).toBeGreaterThan(run.numRounds);
    expect(askedAgain(first.get(name)?.clients ?? [], later[i] ?? []), name).toEqual([]);
  }
}, 120_000);
