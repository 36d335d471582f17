import type { Trainer } from "@tutti/model";
import type { Withdrawn } from "@tutti/protocol";
import type { JoinOptions } from "./joinOptions.ts";
import { joinRun } from "./session.ts";

/** Which client's data are deleted, and where: what `joinRun` is told, but for what computes. */
export type DeleteOptions = Omit<JoinOptions, "trainer">;

/**
 * Says hello as the client of this key, has everything deleted that the coordinator keeps of it, and what the store has of the run (P-127). Rejects
 * where the coordinator does not let the client in, or does not delete.
 */
export async function deleteMyData(options: DeleteOptions): Promise<Withdrawn> {
  const session = joinRun({ ...options, trainer: idleTrainer(() => void takeBack()) });
  async function takeBack(): Promise<void> {
    if ((await session.leaveAndDelete()) === null) await session.leave();
  }
  const end = await session.whenEnded;
  if (end.reason === "left" && end.deleted !== undefined) return end.deleted;
  throw new Error("message" in end ? end.message : `nothing was deleted: the session ended (${end.reason})`);
}

/** Loads nothing and computes nothing; `onStart` is told once the client's devices are known here. */
function idleTrainer(onStart: () => void): Trainer {
  const refuse = () => Promise.reject(new Error("this client only leaves"));
  return {
    start(_setup, _onProgress, signal) {
      onStart();
      return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
    },
    addDevice: refuse,
    compute: refuse,
    stop: () => Promise.resolve(),
  };
}
