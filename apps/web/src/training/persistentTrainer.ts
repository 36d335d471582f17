import type { BackendName, LoadProgress, Trainer, TrainerReady, TrainerSetup } from "@tutti/model";
import type { WorkerTrainer } from "@tutti/model/bridge";
import type { BackendMemory } from "../storage/rememberedBackend.ts";
import { words } from "../words/words.ts";
import { type NextAttempt, nextAttempt, startLimitsMs } from "./attempts.ts";
import { type IdleMeasuring, type Measuring, measureWhenIdle } from "./idleMeasuring.ts";

/** A worker that computes, with its threads. */
export interface Workshop {
  readonly trainer: WorkerTrainer;
  close(): void;
}

/** What a persistent trainer needs of its page. */
export interface PersistentTrainerOptions {
  /** Opens a worker that may compute with `numThreads` threads. */
  open(numThreads: number): Workshop;
  /** How many of the `wanted` threads this browser allows; 0 wants all. */
  availableThreads(wanted: number): number;
  /** Calls `act` after a time; answers how to call it off. */
  after(ms: number, act: () => void): () => void;
  onNotice(sentence: string): void;
  /** What this browser measured on earlier visits. */
  readonly memory: BackendMemory;
  /** Whether this device has little memory: a worker cannot tell, since it knows nothing of touch screens. */
  readonly hasLittleMemory?: boolean;
}

/** A trainer of the page. */
export interface PersistentTrainer extends Trainer {
  /** Opens the worker before it is known what to start, so that its script is there by then. */
  prepare(threads: number): void;
  /** How much of the time tasks may compute from here on; at 0 they stand still between two steps. */
  pace(share: number): void;
  /** Whether the worker died, or said that it cannot compute any more; `close` makes room for another one. */
  isLost(): boolean;
  close(): void;
}

/** What was tried before stands behind the reason. */
function withAttempts(ready: TrainerReady, missed: readonly NextAttempt[]): TrainerReady {
  const reason = [ready.reason, ...missed.map(({ sentence }) => sentence)].join("; ");
  const { why } = ready;
  return { ...ready, reason, ...(why === undefined ? {} : { why: { ...why, notes: [...why.notes, ...missed.map(({ note }) => note)] } }) };
}

type Outcome = { readonly ready: TrainerReady } | { readonly stuck: BackendName };

/**
 * A trainer in a worker that is closed when a backend does not start within its limit; a new worker then starts with fewer threads or another backend.
 * Where the run leaves the backend open it is the remembered one, which another worker measures again when it is due and the tab rests.
 */
export function persistentTrainer(options: PersistentTrainerOptions): PersistentTrainer {
  const { memory, after } = options;
  let workshop: (Workshop & { readonly numThreads: number }) | null = null;
  let measuring: IdleMeasuring | null = null;
  let share = 1;

  function close(): void {
    measuring?.close();
    measuring = null;
    workshop?.close();
    workshop = null;
  }

  /** Keeps what a start measured, and sees to it that what was remembered too long is measured again. */
  function note({ backend, threads, wasmPath }: TrainerSetup, { measured }: TrainerReady): void {
    if (measured !== undefined) memory.remember(measured);
    else if (backend === "auto" && memory.isDue()) {
      const numThreads = options.availableThreads(threads);
      const open = (): Measuring => {
        const { trainer, close } = options.open(numThreads);
        return { result: trainer.measure({ threads, wasmPath }), close };
      };
      measuring = measureWhenIdle({ isDue: memory.isDue, open, after, onMeasured: memory.remember });
    }
  }

  /** The worker that is there, unless it was opened with fewer threads. */
  function workshopFor(numThreads: number): Workshop {
    if (workshop !== null && workshop.numThreads < numThreads) close();
    if (workshop === null) {
      workshop = { ...options.open(numThreads), numThreads };
      if (share < 1) workshop.trainer.pace(share);
    }
    return workshop;
  }

  function attempt(setup: TrainerSetup, onProgress: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<Outcome> {
    const numThreads = options.availableThreads(setup.threads);
    const { trainer } = workshopFor(numThreads);
    return new Promise<Outcome>((resolve, reject) => {
      let callOff = (): void => undefined;
      const onLoading = (progress: LoadProgress): void => {
        const { backend, hasStarted = false } = progress; // downloads go on beside it and say nothing about it
        if (backend !== undefined) callOff();
        if (backend !== undefined && !hasStarted && nextAttempt(setup, numThreads, backend) !== null) {
          callOff = after(startLimitsMs[backend], () => resolve({ stuck: backend }));
        }
        onProgress(progress);
      };
      trainer
        .start(setup, onLoading, signal)
        .then((ready) => resolve({ ready }), reject)
        .finally(() => callOff());
    });
  }

  const present = (): Trainer => {
    if (workshop === null) throw new Error("the trainer has not been started");
    return workshop.trainer;
  };

  return {
    async start(wanted, onProgress, signal) {
      const missed: NextAttempt[] = [];
      const remembered = wanted.backend === "auto" ? memory.recall() : null;
      const sparing = options.hasLittleMemory === true ? { readsOneAtATime: true } : {};
      let setup: TrainerSetup = { ...wanted, ...sparing, ...(remembered === null ? {} : { remembered }) };
      for (;;) {
        signal?.throwIfAborted();
        const outcome = await attempt(setup, onProgress, signal);
        if ("ready" in outcome) {
          note(setup, outcome.ready);
          return withAttempts(outcome.ready, missed);
        }
        memory.forget();
        const next = nextAttempt(setup, options.availableThreads(setup.threads), outcome.stuck);
        if (next === null) throw new Error(words.notices.stuck(outcome.stuck, startLimitsMs[outcome.stuck] / 1000));
        close();
        missed.push(next);
        options.onNotice(`${next.sentence.charAt(0).toUpperCase()}${next.sentence.slice(1)}.`);
        setup = next.setup;
      }
    },
    addDevice: (deviceId, source) => present().addDevice(deviceId, source),
    async compute(task, state, onStep, signal) {
      measuring?.begin();
      return present()
        .compute(task, state, onStep, signal)
        .finally(() => measuring?.rest());
    },
    prepare: (threads) => void workshopFor(options.availableThreads(threads)),
    pace(next) {
      share = next;
      workshop?.trainer.pace(next);
    },
    isLost: () => workshop?.trainer.isLost() === true,
    async stop() {
      if (workshop?.trainer.isLost() === true) close();
      else await workshop?.trainer.stop();
    },
    close,
  };
}
