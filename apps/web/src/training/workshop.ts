import { workerTrainer } from "@tutti/model/bridge";
import type { BackendMemoryOptions } from "../storage/rememberedBackend.ts";
import type { Workshop } from "./persistentTrainer.ts";
import { startThreads } from "./threads.ts";
import workerScript from "./worker.ts?worker&url";

/** What this browser remembers backends by; the built worker's name holds a hash of everything that computes. */
export const hereAndNow: BackendMemoryOptions = {
  storage: () => localStorage,
  version: workerScript,
  userAgent: navigator.userAgent,
  now: Date.now,
};

/** Whether this browser has loaded the worker of this version of the page. */
export const isWorkerOf = (script: string | undefined): boolean => script === workerScript;

/** Who hears of a worker beside what it is asked. */
export interface WorkshopListeners {
  onNotice(sentence: string): void;
  /** Seconds that the worker has computed so far. */
  onBusy(seconds: number): void;
}

/** Opens a worker that may compute with `numThreads` threads. */
export function openWorkshop(numThreads: number, { onNotice, onBusy }: WorkshopListeners): Workshop {
  const worker = new Worker(workerScript, { type: "module" });
  const trainer = workerTrainer(worker, onNotice, onBusy);
  worker.addEventListener("error", (event) =>
    trainer.fail(new Error(`the training worker stopped: ${event.message || "it could not be loaded"}`)),
  );
  const threads = startThreads(numThreads - 1, trainer.fail);
  if (numThreads > 1) worker.postMessage({ id: 0, method: "threads" }, [...threads.ports]);
  const close = (): void => {
    worker.terminate();
    threads.close();
  };
  return { trainer, close };
}

/** Calls `act` after a time; answers how to call it off. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}
