import { startThread } from "@tutti/data/node";
import type { WorkerReply, WorkerRequest } from "../bridge/bridge.ts";
import { type WorkerTrainer, workerTrainer } from "../bridge/workerTrainer.ts";
import type { Trainer } from "../trainer.ts";
import { nodePort } from "./nodePort.ts";

/** How a trainer in a thread works. */
export interface ThreadTrainerOptions {
  /** Where backbones that were fetched are kept for the next time; by default nothing is kept. */
  readonly cacheFolder?: string;
  /** Told what a person should know although the work goes on. */
  readonly onNotice?: (sentence: string) => void;
}

/** What the thread is started with. */
export interface ThreadData {
  readonly cacheFolder: string | null;
}

interface Workshop {
  readonly trainer: WorkerTrainer;
  close(): Promise<void>;
}

/**
 * A trainer in a thread with its own tensor library: this process stays free for its sockets, and several of them compute side by side. The
 * thread begins with `start` and ends with `stop`, so that a process whose clients have ended can end too. Node only.
 */
export function threadTrainer(options: ThreadTrainerOptions = {}): Trainer {
  let open: Workshop | null = null;
  const opened = (): WorkerTrainer => {
    if (open === null) throw new Error("the trainer has not been started");
    return open.trainer;
  };
  return {
    start(setup, onProgress, signal) {
      open ??= openWorkshop(options);
      return open.trainer.start(setup, onProgress, signal);
    },
    addDevice: async (deviceId, source) => opened().addDevice(deviceId, source),
    setsFor: async (task) => (await opened().setsFor?.(task)) ?? null,
    compute: async (task, state, onStep, signal) => opened().compute(task, state, onStep, signal),
    async stop() {
      const last = open;
      open = null;
      await last?.close();
    },
  };
}

function openWorkshop({ cacheFolder, onNotice = () => undefined }: ThreadTrainerOptions): Workshop {
  const worker = startThread(import.meta.url, "trainerThread", { cacheFolder: cacheFolder ?? null } satisfies ThreadData);
  const trainer = workerTrainer(nodePort<WorkerReply, WorkerRequest>(worker), onNotice);
  let reason: string | null = null;
  worker.on("error", (error) => {
    reason = `the training thread stopped: ${error.message}`;
  });
  worker.on("exit", (code) => trainer.fail(new Error(reason ?? `the training thread ended with ${code}`)));
  return {
    trainer,
    async close() {
      reason ??= "the trainer was stopped";
      await worker.terminate();
    },
  };
}
