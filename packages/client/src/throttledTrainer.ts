import { type ClientProfile, numValues } from "@tutti/core";
import type { Trainer, TrainerReady } from "@tutti/model";

/** Time as a throttled trainer sees it. */
export interface ThrottleClock {
  /** Milliseconds. */
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

const bytesPerValue = { f32: 4, f16: 2, int8: 1 } as const;

/** A clock that waits for real. */
export const realClock: ThrottleClock = {
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

/**
 * A trainer that trains as slowly as a machine of this profile would: the time that a training, search or perturbation task took is stretched by how much faster this
 * machine's matrix product is, and what travels takes its time on the link. A faster machine than this one cannot be simulated. Other tasks are
 * not slowed.
 */
export function throttledTrainer(trainer: Trainer, { flopsPerSecond, bytesPerSecond }: ClientProfile, clock = realClock): Trainer {
  let stretch = 1;
  const transfer = (numBytes: number) => (1000 * numBytes) / bytesPerSecond;
  return {
    ...trainer,
    async start(setup, onProgress, signal): Promise<TrainerReady> {
      const startedAt = clock.now();
      let baseBytes = 0;
      const ready = await trainer.start(
        { ...setup, measuresRate: true },
        (progress) => {
          if (progress.phase === "backbone") baseBytes = Math.max(baseBytes, progress.doneBytes);
          onProgress(progress);
        },
        signal,
      );
      stretch = Math.max(1, (ready.flopsPerSecond ?? flopsPerSecond) / flopsPerSecond);
      await clock.wait(Math.max(0, transfer(baseBytes) - (clock.now() - startedAt)), signal);
      return { ...ready, flopsPerSecond };
    },
    async compute(task, state, onStep, signal) {
      const startedAt = clock.now();
      const result = await trainer.compute(task, state, onStep, signal);
      const { body } = result;
      if (body.kind !== "train" && body.kind !== "search" && body.kind !== "perturb" && body.kind !== "edit") return result;
      const numSent = Object.values(task.parameterSets).reduce((sum, params) => sum + numValues(params), 0);
      const numSentBack = body.kind === "edit" ? body.tokens.length : numValues(body.delta);
      const numBytes = (numSent + numSentBack) * bytesPerValue[task.expects.encoding];
      await clock.wait((stretch - 1) * (clock.now() - startedAt) + transfer(numBytes), signal);
      return result;
    },
  };
}
