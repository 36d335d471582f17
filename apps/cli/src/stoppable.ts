import { exitCodes } from "./exitCodes.ts";

/** One Ctrl-C may reach the process twice, from the terminal and from the command that started it. */
const sameKeyMs = 1000;

/** A signal that asks the process to end. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** The exit code after a signal, as a shell gives it. */
export function exitCodeOf(signal: StopSignal): number {
  return signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}

/** Calls `stop` at the first SIGINT or SIGTERM; another one, sent later, ends the process at once. Returns what ends the listening. */
export function onFirstSignal(stop: (signal: StopSignal) => void): () => void {
  let firstMs: number | null = null;
  const tell = (signal: StopSignal) => {
    if (firstMs !== null && performance.now() - firstMs > sameKeyMs) process.exit(exitCodeOf(signal));
    if (firstMs !== null) return;
    firstMs = performance.now();
    stop(signal);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, tell);
  return () => {
    for (const signal of signals) process.off(signal, tell);
  };
}

/** Work that SIGINT and SIGTERM abort: it says so and sets the exit code. Another signal, sent later, ends the process at once. */
export async function stoppable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const ignore = onFirstSignal((signal) => {
    process.exitCode = exitCodeOf(signal);
    controller.abort(new Error(`stopped by ${signal}`));
  });
  try {
    await work(controller.signal);
  } catch (error) {
    if (error !== controller.signal.reason || !(error instanceof Error)) throw error;
    console.log(`${error.message}: nothing was written`);
  } finally {
    ignore();
  }
}
