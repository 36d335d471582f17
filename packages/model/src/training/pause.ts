import type { Pacer } from "./pacer.ts";

/** Of this worker, where its owner lends a part of the time; null for all of it. */
let pacer: Pacer | null = null;

/** From here on every task rests as this pacer says, between two steps. */
export function usePacer(chosen: Pacer): void {
  pacer = chosen;
}

/** Lets messages and timers in between two steps; unlike a timer it is not slowed in hidden tabs. Rests where a pacer says so. */
export async function yieldToEvents(): Promise<void> {
  await letIn();
  await pacer?.rest();
}

function letIn(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** Messages wait no longer than this for a step that is shorter. */
const pauseEveryMs = 25;

/** Pauses between short steps: lets messages and timers in, but not more often than somebody would notice, since each pause costs a fifth of a millisecond. */
export function createPauses(): () => Promise<void> {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < pauseEveryMs) return;
    await yieldToEvents();
    lastMs = performance.now();
  };
}

/** Throws the signal's AbortError once it has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
}
