import type { BackendName, LoadProgress, Trainer, TrainerReady, TrainerSetup } from "@tutti/model";
import type { WorkerTrainer } from "@tutti/model/bridge";
import { nextAttempt, startLimitsMs } from "./attempts.ts";

/** A worker that computes, with its threads. */
export interface Workshop {
  readonly trainer: WorkerTrainer;
  close(): void;
}

export interface PersistentTrainerOptions {
  /** Opens a worker that may compute with `numThreads` threads. */
  open(numThreads: number): Workshop;
  /** How many of the `wanted` threads this browser allows; 0 wants all. */
  availableThreads(wanted: number): number;
  /** Calls `act` after a time; answers how to call it off. */
  after(ms: number, act: () => void): () => void;
  onNotice(sentence: string): void;
}

type Outcome = { readonly ready: TrainerReady } | { readonly stuck: BackendName };

/** A trainer in a worker that is closed when a backend does not start within its limit; a new worker then starts with fewer threads or another backend. */
export function persistentTrainer(options: PersistentTrainerOptions): Trainer & { close(): void } {
  let workshop: (Workshop & { readonly numThreads: number }) | null = null;

  function close(): void {
    workshop?.close();
    workshop = null;
  }

  /** The worker that is there, unless it was opened with fewer threads. */
  function workshopFor(numThreads: number): Workshop {
    if (workshop !== null && workshop.numThreads < numThreads) close();
    workshop ??= { ...options.open(numThreads), numThreads };
    return workshop;
  }

  function attempt(setup: TrainerSetup, onProgress: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<Outcome> {
    const numThreads = options.availableThreads(setup.threads);
    const { trainer } = workshopFor(numThreads);
    return new Promise<Outcome>((resolve, reject) => {
      let callOff = (): void => undefined;
      const onLoading = (progress: LoadProgress): void => {
        callOff();
        const { phase, backend } = progress;
        if (phase === "backend" && backend !== undefined && nextAttempt(setup, numThreads, backend) !== null) {
          callOff = options.after(startLimitsMs[backend], () => resolve({ stuck: backend }));
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
      const said: string[] = [];
      let setup = wanted;
      for (;;) {
        signal?.throwIfAborted();
        const outcome = await attempt(setup, onProgress, signal);
        if ("ready" in outcome) return { ...outcome.ready, reason: [outcome.ready.reason, ...said].join("; ") };
        const next = nextAttempt(setup, options.availableThreads(setup.threads), outcome.stuck);
        if (next === null) throw new Error(`backend ${outcome.stuck} did not start within its limit`);
        close();
        said.push(next.sentence);
        options.onNotice(`${next.sentence.charAt(0).toUpperCase()}${next.sentence.slice(1)}.`);
        setup = next.setup;
      }
    },
    addDevice: (deviceId, source) => present().addDevice(deviceId, source),
    compute: (task, state, onStep, signal) => present().compute(task, state, onStep, signal),
    stop: async () => workshop?.trainer.stop(),
    close,
  };
}
