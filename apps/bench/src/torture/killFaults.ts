import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type KillableCoordinator, type ProtocolClient, startKillable } from "@tutti/server/testing";
import { type BenchRow, row } from "../rows.ts";
import { childConfig, createCrowd, drawsFor, orAborted } from "./faultScene.ts";
import type { TorturePlace } from "./part.ts";

const numKills = 50;
const changes = { numRounds: 14, evaluateEvery: 7 };

/** SIGKILL of the coordinator at 50 instants of one run: within and between messages, while it starts included. */
export async function killRows({ folder, seed, signal, say }: TorturePlace): Promise<BenchRow[]> {
  const calm = await run(join(folder, "calm"), { signal });
  const kills = await run(join(folder, "kills"), { signal, seed, say });
  const { askedAgain, countedTwice, uncounted } = kills;
  return [
    row("SIGKILLs of the coordinator in one run", kills.numKills, "", { atLeast: numKills }),
    row("other bits after them", kills.parametersSha256 === calm.parametersSha256 ? 0 : 1, "", { atMost: 0 }),
    row("other cohorts or counted sets after them", sameSteps(kills.steps, calm.steps) ? 0 : 1, "", { atMost: 0 }),
    row("accepted tasks that were asked for again", askedAgain, "", { atMost: 0 }),
    row("accepted contributions that were not counted", uncounted, "", { atMost: 0 }),
    row("contributions counted more than once", countedTwice, "", { atMost: 0 }),
  ];
}

const sameSteps = (a: readonly string[], b: readonly string[]) => JSON.stringify(a) === JSON.stringify(b);

interface Kills {
  readonly signal: AbortSignal;
  /** Nobody is killed without one. */
  readonly seed?: number;
  say?(line: string): void;
}

async function run(folder: string, { signal, seed, say }: Kills) {
  await mkdir(folder, { recursive: true });
  const coordinator = await startKillable(await childConfig(folder, changes));
  const crowd = createCrowd(coordinator.url);
  try {
    for (const name of ["a", "b", "c"]) await crowd.join(name).when("welcome");
    const killing = seed === undefined ? null : killAtInstants(coordinator, drawsFor(seed, "kills"), say);
    const done = await orAborted(signal, coordinator.whenDone());
    return { ...done, numKills: killing?.count() ?? 0, ...countsOf(done.steps, crowd.clients) };
  } finally {
    crowd.close();
    await coordinator.stop();
  }
}

/** Each kill comes some milliseconds behind a message, so that it falls within what follows it. */
function killAtInstants(coordinator: KillableCoordinator, random: ReturnType<typeof drawsFor>, say?: (line: string) => void) {
  let count = 0;
  let isBusy = false;
  coordinator.onMessage((message) => {
    if (isBusy || count >= numKills || message.kind === "done" || message.kind === "listening" || random.uniform() < 0.4) return;
    isBusy = true;
    setTimeout(() => {
      if (coordinator.messages.some(({ kind }) => kind === "done")) return;
      count += 1;
      if (count % 10 === 0) say?.(`${count} of ${numKills} kills`);
      void coordinator.killAndRestart().then(() => {
        isBusy = false;
      });
    }, random.integer(12));
  });
  return { count: () => count };
}

/** What the clients were told was accepted, beside what the steps of the run counted. */
function countsOf(steps: readonly string[], clients: readonly ProtocolClient[]) {
  const counted = new Map(
    steps.map((step) => [
      positionIn(step),
      step
        .slice(step.lastIndexOf(" ") + 1)
        .split(",")
        .map(Number),
    ]),
  );
  const countedTwice = [...counted.values()].filter((ids) => new Set(ids).size !== ids.length).length + (steps.length - counted.size);
  const submitted = clients.flatMap((client) => client.events.flatMap((event) => (event.kind === "submitted" ? [event] : [])));
  const accepted = submitted.filter(({ outcome }) => outcome.ok && outcome.value.outcome === "accepted");
  const uncounted = accepted.filter(({ lease: { stage, round, step, attempt, deviceId } }) => {
    return counted.get(`${stage} ${round}.${step}.${attempt}`)?.includes(deviceId) !== true;
  }).length;
  return { countedTwice, uncounted, askedAgain: clients.reduce((sum, client) => sum + askedAgainOf(client), 0) };
}

/** Such as `train 3.1.1` of `train 3.1.1 0,2,5`. */
const positionIn = (step: string) => step.slice(0, step.lastIndexOf(" "));

/** Tasks that reached a client after it was told that they were accepted. */
function askedAgainOf({ events }: ProtocolClient): number {
  const accepted = new Set<string>();
  let count = 0;
  for (const event of events) {
    if (event.kind === "submitted" && event.outcome.ok && event.outcome.value.outcome !== "late") accepted.add(event.lease.taskId);
    if (event.kind === "task" && accepted.has(event.lease.taskId)) count += 1;
  }
  return count;
}
