import type { DeviceId } from "@tutti/core";
import type { DeviceSource, Trainer, TrainerReady, TrainerSetup } from "@tutti/model";
import { gpuLost } from "@tutti/model/bridge";
import type { PersistentTrainer } from "./persistentTrainer.ts";

/** Why a worker was lost; `detail` is in English. */
export interface LostWorker {
  readonly kind: "gpuLost" | "workerStopped";
  readonly detail: string;
}

/** What a healing trainer tells. */
export interface HealingOptions {
  /** A worker was lost, for this reason; another one computes its task again, on what `ready` says. */
  onRestarted(lost: LostWorker, ready: TrainerReady): void;
  /** A backend failed that this browser remembers as the best. */
  forgetBackend(): void;
}

function lostBy(error: unknown): LostWorker {
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: error instanceof Error && error.name === gpuLost ? "gpuLost" : "workerStopped", detail };
}

/** Workers that are lost over one task before it is given up. */
const maxRestarts = 2;

/**
 * A trainer that goes on in another worker when its own is lost, such as when the GPU is taken away: the devices' examples are loaded again, and the
 * task at hand is computed from its beginning, from the same state. A GPU that was taken away twice is left alone, where the tab may choose.
 */
export function healingTrainer(base: PersistentTrainer, { onRestarted, forgetBackend }: HealingOptions): Trainer {
  let loaded: { readonly setup: TrainerSetup; readonly devices: Map<DeviceId, DeviceSource> } | null = null;
  let numLost = 0;

  async function restart(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    if (loaded === null) throw error;
    const { setup, devices } = loaded;
    base.close();
    numLost += 1;
    const isLeftAlone = numLost > 1 && setup.backend === "auto";
    if (isLeftAlone) forgetBackend();
    const ready = await base.start(isLeftAlone ? { ...setup, backend: "wasm", askedBy: "fallback" } : setup, () => undefined, signal);
    for (const [deviceId, source] of devices) await base.addDevice(deviceId, source);
    onRestarted(lostBy(error), ready);
  }

  return {
    async start(setup, onProgress, signal) {
      const ready = await base.start(setup, onProgress, signal);
      loaded = { setup, devices: new Map() };
      return ready;
    },
    async addDevice(deviceId, source) {
      const added = await base.addDevice(deviceId, source);
      loaded?.devices.set(deviceId, source);
      return added;
    },
    async compute(task, state, onStep, signal) {
      for (let tries = 0; ; tries++) {
        try {
          return await base.compute(task, state, onStep, signal);
        } catch (error) {
          if (signal?.aborted === true || !base.isLost() || tries === maxRestarts) throw error;
          await restart(error, signal);
        }
      }
    },
    async stop() {
      loaded = null;
      await base.stop();
    },
  };
}
