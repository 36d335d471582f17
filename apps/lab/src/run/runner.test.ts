import { setImmediate } from "node:timers/promises";
import { failedRecord, type RunRecord } from "@tutti/record";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, expect, test } from "vitest";
import type { Clients } from "../drive/clients.ts";
import { parseExperiment } from "../experiment/experimentFile.ts";
import { identityOf, type PlannedRun, type RunOrder } from "../experiment/plannedRun.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { type OutFolder, openOutFolder } from "./outFolder.ts";
import { createRunner, type PerformRun, type RunnerParts } from "./runner.ts";
import type { RunPlace } from "./runPlace.ts";

const folder = temporaryFolder();
afterEach(() => folder.remove());

const planned = (seeds: readonly number[]): readonly PlannedRun[] =>
  allRuns(planExperiment(parseExperiment({ title: "A", question: "B?", tasks: ["feedback/topic"], seeds, methods: ["fedPepTao"] }, "a")));

const finished = (run: RunOrder): RunRecord => ({ ...failedRecord(identityOf(run), "node", ""), error: null });

const idleClients: Clients = {
  kind: "node",
  count: 1,
  warmUp: () => undefined,
  join: async () => undefined,
  reload: async () => undefined,
  close: async () => undefined,

  failure: async () => null,
  processorSeconds: () => null,
};

/** Parts of an experiment on two slots, with an out folder of which something may be another. */
async function parts(out: Partial<OutFolder>, signal = new AbortController().signal): Promise<RunnerParts> {
  const board = { say: () => undefined, draw: () => undefined, end: () => undefined };
  const workbench = { do: () => Promise.reject(new Error("nothing is replayed here")), close: () => undefined };
  return {
    name: "a",
    board,
    out: { ...(await openOutFolder(folder.path)), ...out },
    results: new Map(),
    workbench,
    signal,

    pool: { numClients: 2, clientsPerRun: 1, numAtOnce: 2, threads: 1, coresPerRun: 1 },
    clients: [idleClients, idleClients],

    publicDir: folder.path,
    pagesDir: null,
    host: "127.0.0.1",
    port: 0,
    numRemote: 0,

    memory: { ports: [], backend: "wasm", startedAt: "" },
    budget: { minutesPerRun: 1, minutesPerStep: 1 },

    expected: { numRuns: 3, seconds: 9 },
    stamp: { commit: "c0ffee", machine: "two cores" },
  };
}

const fullDisk = {
  writeResult: () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })),
};

/** A run that goes on until it is stopped. */
function whenStopped({ signal }: RunPlace): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

test("every run's result is kept, and one whose run broke is an error", async () => {
  const given = await parts({});
  const [first, second, third] = planned([1, 2, 3]);
  const perform: PerformRun = async (run) => {
    if (run === second) throw new Error("it broke");
    return { record: Promise.resolve(finished(run)) };
  };
  const runs = [first, second, third].filter((run) => run !== undefined);
  await createRunner(given, perform).run(runs);
  expect(runs.map(({ id }) => given.results.get(id)?.error)).toEqual([null, "it broke", null]);
  expect((await given.out.readResults()).runs.get(first?.id ?? "")).toMatchObject({ error: null, commit: "c0ffee" });
});

test("the clients of a run simulate the machines of its fleet", async () => {
  const given = await parts({});
  const machine = { flopsPerSecond: 1e9, memoryBytes: 5e7, bytesPerSecond: 1e5 };
  const places: RunPlace["fleet"][] = [];
  const perform: PerformRun = async (run, place) => {
    places.push(place.fleet);
    return { record: Promise.resolve(finished(run)) };
  };
  const [first, second] = planned([1, 2]);
  if (first === undefined || second === undefined) throw new Error("no runs");
  await createRunner(given, perform).run([{ ...first, fleet: [machine] }, second]);
  expect(places).toEqual([[machine], undefined]);
});

test("a disk that is full ends the experiment at once: runs under way are stopped and no other is started", async () => {
  const given = await parts(fullDisk);
  const runs = planned([1, 2, 3, 4]);
  const started: RunOrder[] = [];
  const perform: PerformRun = async (run, place) => {
    started.push(run);
    if (run !== runs[0]) return whenStopped(place);
    return { record: Promise.resolve(finished(run)) };
  };
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const failure = await createRunner(given, perform)
      .run(runs)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^the result of FedPepTAO · feedback\/topic · seed 1 could not be written$/),
    });
    expect(failure).toMatchObject({ cause: { code: "ENOSPC" } });
    await setImmediate();
  } finally {
    process.removeListener("unhandledRejection", note);
  }
  expect(unhandled).toEqual([]);
  expect(started).not.toContain(runs[3]);
  expect(given.results.size).toBe(0);
});

test("a full disk ends it too when a run broke, and replays that are still under way are not waited for", async () => {
  const runs = planned([1, 2]);
  const perform: PerformRun = async (run) => {
    if (run === runs[0]) throw new Error("it broke");
    return { record: new Promise(() => undefined) };
  };
  await expect(createRunner(await parts(fullDisk), perform).run(runs)).rejects.toThrow("seed 1 could not be written");
});

test("a stop rejects with its reason and keeps nothing", async () => {
  const controller = new AbortController();
  const given = await parts({}, controller.signal);
  const perform: PerformRun = (_, place) => {
    queueMicrotask(() => controller.abort(new Error("stopped")));
    return whenStopped(place);
  };
  await expect(createRunner(given, perform).run(planned([1, 2]))).rejects.toThrow("stopped");
  expect(given.results.size).toBe(0);
});
