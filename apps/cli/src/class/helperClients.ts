import { setPriority } from "node:os";
import { join } from "node:path";
import type { ClientSession } from "@tutti/client";
import { joinRun } from "@tutti/client/node";
import { threadTrainer } from "@tutti/model/node";
import { sharedTrainer } from "./sharedTrainer.ts";

/** Helper devices, and where they go. */
export interface HelperOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly helperToken: string;
  readonly count: number;
  /** Where they keep their keys and states. */
  readonly folder: string;
  /** Where backbones are kept once they are downloaded. */
  readonly cacheFolder: string;
}

/** A tab on the same machine comes first. */
const priority = 10;

/** Helper devices of this machine, until the run is over or `signal` fires; resolves with the first reason that is not a good end, or null. */
export async function runHelpers(options: HelperOptions, signal: AbortSignal): Promise<string | null> {
  const { url, token, helperToken, count, folder, cacheFolder } = options;
  try {
    setPriority(priority);
  } catch {
    // a system that does not allow it: the helpers are as quick as the rest
  }
  const trainer = threadTrainer({ cacheFolder });
  const shared = sharedTrainer(trainer);
  const sessions: ClientSession[] = [];
  for (let number = 1; number <= count; number++) {
    const session: ClientSession = joinRun({
      url,
      ...(token === undefined ? {} : { token }),
      helperToken,
      folder: join(folder, String(number)),
      trainer: shared,
      backend: "wasm",
      threads: 1,
      onEvent: (event) => {
        if (event.kind === "status" && event.status.phase === "done") void session.leave();
      },
    });
    sessions.push(session);
  }
  signal.addEventListener("abort", () => sessions.forEach((session) => void session.leave()), { once: true });
  const ends = await Promise.all(sessions.map(({ whenEnded }) => whenEnded));
  await trainer.stop();
  const bad = ends.find(({ reason }) => reason === "failed" || reason === "reload");
  return bad === undefined ? null : "message" in bad ? bad.message : bad.reason;
}
