import { exitCodes } from "../exitCodes.ts";

/** One Ctrl-C may reach the process twice, from the terminal and from the command that started it. */
const sameKeyMs = 1000;

/** Work that SIGINT and SIGTERM abort: it says so and sets the exit code. Another signal, sent later, ends the process at once. */
export async function stoppable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let firstMs: number | null = null;
  const stop = (signal: "SIGINT" | "SIGTERM") => {
    const exitCode = signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
    if (firstMs !== null && performance.now() - firstMs > sameKeyMs) process.exit(exitCode);
    firstMs ??= performance.now();
    process.exitCode = exitCode;
    controller.abort(new Error(`stopped by ${signal}`));
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (error !== controller.signal.reason || !(error instanceof Error)) throw error;
    console.log(`${error.message}: nothing was written`);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
