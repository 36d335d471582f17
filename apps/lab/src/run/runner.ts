import { availableParallelism } from "node:os";
import { failedRecord, type RunRecord } from "@tutti/record";
import type { Clients } from "../drive/clients.ts";
import { type PoolShape, runOnSlots } from "../drive/slots.ts";
import type { Experiment } from "../experiment/experimentSchema.ts";
import { identityOf, type PlannedRun } from "../experiment/plannedRun.ts";
import { createBackendTurns } from "./backendTurns.ts";
import { type Board, nameOfRun, rowOf } from "./board.ts";
import { keepMemory } from "./keptMemory.ts";
import type { OutFolder, PoolMemory } from "./outFolder.ts";
import { type PerformedRun, performRun } from "./performRun.ts";
import { createResultKeeper } from "./resultKeeper.ts";
import type { RunPlace } from "./runPlace.ts";
import { createRunTable } from "./runTable.ts";
import type { Workbench } from "./workbench.ts";

/** What runs run with. */
export interface RunnerParts {
  readonly name: string;
  readonly board: Board;
  readonly out: OutFolder;
  /** Results by the run's id; those of new runs are put in. */
  readonly results: Map<string, RunRecord>;
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
  readonly stamp: Required<Pick<RunRecord, "commit" | "machine">>;
}

/** What runs a run; a test hands in its own. */
export type PerformRun = (...given: Parameters<typeof performRun>) => Promise<Pick<PerformedRun, "record">>;

/** Works off runs on the pool's slots. */
export interface Runner {
  /**
   * Resolves when all have a result, an error being one; rejects with the signal's reason when it is aborted, and at once when a result cannot
   * be kept: the runs under way are then stopped.
   */
  run(runs: readonly PlannedRun[]): Promise<void>;
}

/** A runner that leaves out what has a result already; a run that failed before is tried again. */
export function createRunner(parts: RunnerParts, perform: PerformRun = performRun): Runner {
  const { board, results, pool, clients, workbench } = parts;
  const keeper = createResultKeeper(parts);
  const signal = AbortSignal.any([parts.signal, keeper.broken]);
  const memory = keepMemory(parts.out, parts.memory, board.say);
  const turns = createBackendTurns(() => memory.now().backend !== "auto" || clients[0]?.kind === "node");
  const table = createRunTable(parts);
  const replays = new Set<Promise<void>>();

  async function keep(made: RunRecord, planned: PlannedRun): Promise<void> {
    await keeper.keep(made, planned);
    table.draw();
  }

  function placeOf(run: PlannedRun, slot: number, ofSlot: { readonly clients: Clients; endTurn(): void }): RunPlace {
    return {
      ...commonPlace(parts, ofSlot.clients, memory.now()),
      folder: parts.out.runFolder(run.id),
      fleet: run.fleet,
      port: parts.port === null ? (memory.now().ports[slot] ?? 0) : parts.port + slot,
      signal,
      onListening(coordinator) {
        void memory.notePort(slot, coordinator.port);
        board.say(`started  ${nameOfRun(run)} · ${coordinator.url}`);
      },
      async onBackend(backend) {
        if (memory.now().backend === "auto") await memory.noteBackend(backend);
        ofSlot.endTurn();
      },
      onEvent(event, coordinator) {
        if (["planned", "step", "status", "waiting"].includes(event.kind)) table.show(slot, rowOf(run, coordinator));
      },
    };
  }

  async function runOne(planned: PlannedRun, slot: number): Promise<void> {
    const slotClients = clients[slot];
    if (signal.aborted || slotClients === undefined) return;
    const keepError = async (error: unknown) => {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      await keep(failedRecord(identityOf(planned), slotClients.kind, reason), planned);
    };
    const endTurn = await turns.take();
    try {
      signal.throwIfAborted();
      const { record } = await perform(planned, placeOf(planned, slot, { clients: slotClients, endTurn }), { workbench });
      replays.add(record.then((run) => keep(run, planned)).catch(keepError));
    } catch (error) {
      await keepError(error);
    } finally {
      table.hide(slot);
      endTurn();
    }
  }

  return {
    async run(runs) {
      const open = runs.filter(({ id }) => results.get(id)?.error !== null);
      for (const { id } of open) results.delete(id);
      await runOnSlots(open, pool.numAtOnce, runOne);
      await Promise.race([Promise.all(replays), aborted(keeper.broken)]);
      replays.clear();
      signal.throwIfAborted();
    },
  };
}

type CommonPlace = Omit<RunPlace, "folder" | "fleet" | "port" | "signal" | "onListening" | "onBackend" | "onEvent">;

/** What the places of all of a slot's runs have in common. */
function commonPlace(parts: RunnerParts, clients: Clients, { backend }: PoolMemory): CommonPlace {
  const { publicDir, pagesDir, host, numRemote, pool, budget } = parts;
  return {
    publicDir,
    pagesDir,
    host,
    numRemote,
    clients,
    backend: clients.kind === "node" && backend === "auto" ? "wasm" : backend,
    threads: pool.threads,
    kernels: "fast",
    keepRoundsBytes: 0, // an experiment of hundreds of runs would fill the disk
    numCores: Math.min(pool.coresPerRun, availableParallelism()),
    limits: { secondsPerRun: 60 * budget.minutesPerRun, secondsPerStep: 60 * budget.minutesPerStep },
  };
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
