import type { Trainer, TrainerReady } from "@tutti/model";

/** One trainer for several clients of a process: the backbone is loaded once, and tasks are computed one after another. Whoever made it stops it. */
export function sharedTrainer(trainer: Trainer): Trainer {
  let started: Promise<TrainerReady> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act);
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    start(setup, onProgress) {
      started ??= trainer.start(setup, onProgress).catch((error: unknown) => {
        started = null;
        throw error;
      });
      return started;
    },
    addDevice: (deviceId, source) => inTurn(() => trainer.addDevice(deviceId, source)),
    compute: (task, state, onStep, signal) =>
      inTurn(async () => {
        signal?.throwIfAborted();
        return trainer.compute(task, state, onStep, signal);
      }),
    stop: async () => undefined,
  };
}
