import { availableParallelism } from "node:os";
import { deferred, formatScore, formatSeconds } from "@tutti/core";
import type { LabRun } from "@tutti/record";
import type { Coordinator } from "@tutti/server";
import type { Clients } from "../drive/clients.ts";
import { type PoolShape, runOnSlots } from "../drive/slots.ts";
import type { Experiment } from "../experiment/experimentFile.ts";
import type { PlannedRun } from "../experiment/runPlan.ts";
import { type Board, type BoardRow, nameOfRun, rowOf } from "./board.ts";
import { failedRun } from "./collectRun.ts";
import type { OutFolder, PoolMemory } from "./outFolder.ts";
import { backendOf, performRun, type RunPlace } from "./performRun.ts";
import type { Workbench } from "./workbench.ts";

/** What runs run with. */
export interface RunnerParts {
  readonly name: string;
  readonly board: Board;
  readonly out: OutFolder;
  /** Results by the run's id; those of new runs are put in. */
  readonly results: Map<string, LabRun>;
  readonly pool: PoolShape;
  /** By slot. */
  readonly clients: readonly Clients[];
  readonly publicDir: string;
  readonly pagesDir: string | null;
  readonly workbench: Workbench;
  readonly memory: PoolMemory;
  readonly host: string;
  readonly port: number | null;
  readonly numRemote: number;
  readonly budget: Experiment["budget"];
  readonly expected: { readonly numRuns: number; readonly seconds: number };
  readonly signal: AbortSignal;
  /** Noted in the result of every run made here. */
  readonly stamp: Required<Pick<LabRun, "commit" | "machine">>;
}

/** Works off runs on the pool's slots. */
export interface Runner {
  /**
   * Resolves when all have a result, an error being one; rejects with the signal's reason when it is aborted, and at once when a result cannot
   * be kept: the runs under way are then stopped.
   */
  run(runs: readonly PlannedRun[]): Promise<void>;
}

/** A runner that leaves out what has a result already; a run that failed before is tried again. */
export function createRunner(parts: RunnerParts, perform = performRun): Runner {
  const { name, board, out, results, pool, clients, workbench, expected } = parts;
  const unkept = new AbortController();
  const signal = AbortSignal.any([parts.signal, unkept.signal]);
  let memory = parts.memory;
  let isMeasuring = false;
  const measured = deferred<void>();
  const rows = new Map<number, BoardRow>();
  const startMs = performance.now();
  const numEarlier = [...results.values()].filter(({ error }) => error === null).length;

  function draw(): void {
    const done = [...results.values()];
    const numFailed = done.filter(({ error }) => error !== null).length;
    const numNew = done.length - numFailed - numEarlier;
    const numLeft = expected.numRuns - done.length;
    const perRun =
      numNew === 0 ? expected.seconds / Math.max(1, expected.numRuns - numEarlier) : (performance.now() - startMs) / 1000 / numNew;
    board.draw({ name, numDone: done.length - numFailed, numFailed, numRuns: expected.numRuns, secondsLeft: perRun * numLeft }, [
      ...rows.values(),
    ]);
  }

  let written: Promise<void> = Promise.resolve();

  /** One write after the other, since slots remember at the same time. */
  function remember(change: Partial<PoolMemory>): Promise<void> {
    memory = { ...memory, ...change };
    const now = memory;
    written = written.then(() => out.writeMemory(now)).catch((error: unknown) => board.say(`not remembered: ${String(error)}`));
    return written;
  }

  function placeOf(run: PlannedRun, slot: number, slotClients: Clients): RunPlace {
    const { publicDir, pagesDir, host, numRemote, budget } = parts;
    return {
      ...{ publicDir, pagesDir, host, numRemote, workbench, signal, clients: slotClients },
      folder: out.runFolder(run.id),
      port: parts.port === null ? (memory.ports[slot] ?? 0) : parts.port + slot,
      backend: slotClients.kind === "node" && memory.backend === "auto" ? "wasm" : memory.backend,
      threads: pool.threads,
      numCores: Math.min(pool.coresPerRun, availableParallelism()),
      limits: { secondsPerRun: 60 * budget.minutesPerRun, secondsPerStep: 60 * budget.minutesPerStep },
      onListening(coordinator) {
        const ports = Array.from({ length: Math.max(memory.ports.length, slot + 1) }, (_, at) => memory.ports[at] ?? 0);
        void remember({ ports: ports.map((port, at) => (at === slot ? coordinator.port : port)) });
        board.say(`started  ${nameOfRun(run)} · ${coordinator.url}`);
      },
      onEvent(event, coordinator) {
        if (!["planned", "step", "status", "waiting"].includes(event.kind)) return;
        void noteBackend(coordinator);
        rows.set(slot, rowOf(run, coordinator));
        draw();
      },
    };
  }

  /** The first run measures the backend for all: the others wait until its first client has. */
  async function whenBackendKnown(): Promise<void> {
    if (memory.backend !== "auto" || parts.clients[0]?.kind === "node") return;
    if (isMeasuring) await measured.promise;
    isMeasuring = true;
  }

  async function noteBackend(coordinator: Coordinator): Promise<void> {
    if (memory.backend !== "auto") return;
    const backend = backendOf(coordinator);
    if (backend === null) return;
    await remember({ backend });
    measured.resolve();
  }

  const replays = new Set<Promise<void>>();

  /** Never rejects: a result that cannot be kept, on a full disk, ends the experiment, and no later one is kept. */
  async function keep(made: LabRun, planned: PlannedRun): Promise<void> {
    if (unkept.signal.aborted) return;
    const run = { ...made, ...parts.stamp };
    try {
      await out.writeResult(run);
    } catch (cause) {
      unkept.abort(new Error(`the result of ${nameOfRun(planned)} cannot be kept`, { cause }));
      return;
    }
    results.set(run.id, run);
    const score = run.final.global ?? run.final.personalised;
    const what =
      run.error === null ? `global ${formatScore(score?.score ?? null)}, ${formatSeconds(run.seconds.total)}` : `failed: ${run.error}`;
    board.say(`${run.error === null ? "done    " : "failed  "} ${nameOfRun(planned)} · ${what}`);
    draw();
  }

  async function runOne(planned: PlannedRun, slot: number): Promise<void> {
    const slotClients = clients[slot];
    if (signal.aborted || slotClients === undefined) return;
    const keepError = async (error: unknown) => {
      if (signal.aborted) return;
      await keep(failedRun(planned, slotClients.kind, error instanceof Error ? error.message : String(error)), planned);
    };
    try {
      await whenBackendKnown();
      signal.throwIfAborted();
      const { result } = await perform(planned, placeOf(planned, slot, slotClients));
      replays.add(result.then((run) => keep(run, planned)).catch(keepError));
    } catch (error) {
      await keepError(error);
    } finally {
      rows.delete(slot);
      measured.resolve();
    }
  }

  return {
    async run(runs) {
      const open = runs.filter(({ id }) => results.get(id)?.error !== null);
      for (const { id } of open) results.delete(id);
      await runOnSlots(open, pool.numAtOnce, runOne);
      await Promise.race([Promise.all(replays), aborted(unkept.signal)]);
      replays.clear();
      signal.throwIfAborted();
    },
  };
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
