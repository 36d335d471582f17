/** Where progress is written: stderr. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Width of a line, in characters. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Says how far something is; the results themselves go to stdout. */
export interface Progress {
  /** One line that the next one replaces, where a person is watching; elsewhere nothing. */
  say(line: string): void;
  /** The same, but elsewhere a line now and then, for logs. */
  note(line: string): void;
  /** A bar, where a person is watching; elsewhere a line now and then, for logs. */
  bar(what: string, done: number, total: number): void;
  /** Takes the line away. */
  clear(): void;
}

const width = 24;
const logEveryMs = 10_000;

/** Progress on a stream. */
export function createProgress(stream: ProgressStream = process.stderr, now: () => number = () => performance.now()): Progress {
  let lastLogged = now();
  // a line that wraps could not be replaced
  const replace = (line: string) => void stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? Number.POSITIVE_INFINITY) - 1)}`);
  return {
    say(line) {
      if (stream.isTTY === true) replace(line);
    },
    note(line) {
      if (stream.isTTY === true) return replace(line);
      if (now() - lastLogged < logEveryMs) return;
      lastLogged = now();
      stream.write(`${line}\n`);
    },
    bar(what, done, total) {
      if (stream.isTTY === true) {
        const filled = Math.round((width * done) / total);
        return replace(`${what} ${"█".repeat(filled)}${"░".repeat(width - filled)} ${done} of ${total}`);
      }
      if (now() - lastLogged < logEveryMs) return;
      lastLogged = now();
      stream.write(`${what}: ${done} of ${total}\n`);
    },
    clear() {
      if (stream.isTTY === true) replace("");
    },
  };
}
