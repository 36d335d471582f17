import type { LoadProgress, TryoutReady, TryoutSetup } from "@tutti/model";
import { availableThreads } from "@tutti/model/threads";
import { startLimitsMs } from "../training/attempts.ts";
import { startThreads } from "../training/threads.ts";
import { type Asker, createAsker } from "./asker.ts";
import tryWorkerScript from "./tryWorker.ts?worker&url";

/** A worker that answers. */
export interface TryWorkshop {
  readonly asker: Asker;
  readonly ready: TryoutReady;
}

/** Opens a worker and loads the model in it. A backend that does not start within its limit gets one more worker, with one thread on the CPU. */
export async function openTryWorkshop(setup: TryoutSetup, onProgress: (progress: LoadProgress) => void): Promise<TryWorkshop> {
  const opened = await attempt(setup, onProgress);
  if (opened !== null) return opened;
  const second = await attempt({ ...setup, backend: "wasm", askedBy: "fallback", threads: 1 }, onProgress);
  if (second === null) throw new Error("no backend starts here: reload this page, or use a current browser");
  return second;
}

async function attempt(setup: TryoutSetup, onProgress: (progress: LoadProgress) => void): Promise<TryWorkshop | null> {
  const { asker, close } = openWorker(availableThreads(setup.threads));
  let callOff = (): void => undefined;
  const stuck = new Promise<null>((resolve) => {
    const timer = setTimeout(() => resolve(null), startLimitsMs.webgpu);
    callOff = () => clearTimeout(timer);
  });
  const loading = asker.ask("open", setup, {
    onProgress(progress) {
      if (progress.phase !== "backend") callOff(); // it computes, or downloads
      onProgress(progress);
    },
  });
  const ready = await Promise.race([loading, stuck]).finally(callOff);
  if (ready !== null) return { asker, ready };
  close();
  return null;
}

function openWorker(numThreads: number): { readonly asker: Asker; close(): void } {
  const worker = new Worker(tryWorkerScript, { type: "module" });
  const asker = createAsker(worker);
  worker.addEventListener("error", (event) =>
    asker.fail(new Error(`the worker that answers stopped: ${event.message || "it could not be loaded"}`)),
  );
  const threads = startThreads(numThreads - 1, asker.fail);
  if (numThreads > 1) worker.postMessage({ id: 0, name: "threads" }, [...threads.ports]);
  const close = (): void => {
    worker.terminate();
    threads.close();
  };
  return { asker, close };
}
