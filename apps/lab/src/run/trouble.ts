import type { Coordinator } from "@tutti/server";
import type { Clients } from "../drive/clients.ts";

/** How long a run and each of its steps may take; infinity where nothing limits them. */
export interface RunLimits {
  readonly secondsPerRun: number;
  readonly secondsPerStep: number;
}

/** What trouble is recognised by. */
export interface Watched {
  readonly limits: RunLimits;
  readonly clients: Pick<Clients, "failure">;
  readonly signal: AbortSignal;
}

/** Where a run stands. */
export interface Standing {
  readonly ranMs: number;
  /** Since the last step closed. */
  readonly stillMs: number;
  readonly status: Pick<ReturnType<Coordinator["status"]>, "message">;
}

const lookEveryMs = 2000;

/** What `work` comes to, unless the run is stopped, takes too long, stands still, or a client cannot take part: then it rejects with the reason. */
export async function beforeTrouble<T>(work: Promise<T>, { limits, clients, signal }: Watched, standing: () => Standing): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: () => void = () => undefined;
  const trouble = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    timer = setInterval(() => {
      const sentence = slowness(standing(), limits);
      if (sentence !== null) reject(new Error(sentence));
      void clients.failure().then((failure) => failure !== null && reject(new Error(failure)));
    }, lookEveryMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, trouble]);
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function slowness({ ranMs, stillMs, status: { message } }: Standing, { secondsPerRun, secondsPerStep }: RunLimits): string | null {
  if (ranMs > 1000 * secondsPerRun) return `the run took longer than ${secondsPerRun / 60} min`;
  if (stillMs <= 1000 * secondsPerStep) return null;
  return `no step closed within ${secondsPerStep / 60} min${message === null ? "" : ` (${message})`}`;
}
