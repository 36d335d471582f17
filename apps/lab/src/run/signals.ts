/** One Ctrl-C may reach the process twice, from the terminal and from the command that started it. */
const sameKeyMs = 1000;

/** Thrown into whatever is under way when the user asks to stop. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** Aborts at the first SIGINT or SIGTERM; another one, pressed later, ends the process at once. */
export function abortOnSignals(): { readonly signal: AbortSignal; ignore(): void } {
  const controller = new AbortController();
  let firstMs: number | null = null;
  const tell = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstMs !== null && now - firstMs > sameKeyMs) process.exit(exitCodeOf(signal));
    firstMs ??= now;
    controller.abort(new Stopped(signal));
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, tell);
  return {
    signal: controller.signal,
    ignore: () => {
      for (const name of names) process.removeListener(name, tell);
    },
  };
}

/** As a shell gives it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return signal === "SIGINT" ? 130 : 143;
}
