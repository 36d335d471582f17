import type { ExperimentResult } from "@tutti/record";
import { renderInChild } from "./renderInChild.ts";

/** What a reporter is handed. */
export interface ReporterPorts {
  /** Where report.html, results.json and results.csv go. */
  readonly folder: string;
  /** What is to be reported now; null while there is nothing. */
  collect(): ExperimentResult | null;
  /** Told once, of the first report that could not be written. */
  onTrouble(error: unknown): void;
  /** At least so long lies between the starts of two reports; 30 s when absent. */
  readonly everyMs?: number;
  /** Writes the files; in a separate process when absent. */
  readonly render?: (result: ExperimentResult, folder: string) => Promise<void>;
  /** A clock that never goes back; the process's when absent. */
  readonly nowMs?: () => number;
}

/** Keeps the files of a run's report up to date while it goes. */
export interface Reporter {
  /** There is something new to report: it is written when the time has come, never two reports at once. */
  changed(): void;
  /** Writes the last report, after one that is under way; a report that fails stops nothing. */
  finish(): Promise<void>;
}

const defaultEveryMs = 30_000;

/** A reporter that has written nothing yet. */
export function createReporter(ports: ReporterPorts): Reporter {
  const { folder, collect, onTrouble, everyMs = defaultEveryMs, render = renderInChild, nowMs = () => performance.now() } = ports;
  let timer: NodeJS.Timeout | null = null;
  let underWay: Promise<void> | null = null;
  let lastStartMs = Number.NEGATIVE_INFINITY;
  let [isNew, isOver, hasFailed] = [false, false, false];

  async function write(): Promise<void> {
    isNew = false;
    lastStartMs = nowMs();
    try {
      const result = collect();
      if (result !== null) await render(result, folder);
    } catch (error) {
      if (!hasFailed) onTrouble(error);
      hasFailed = true;
    }
  }

  function start(): void {
    timer = null;
    underWay = write().then(() => {
      underWay = null;
      if (isNew) plan();
    });
  }

  function plan(): void {
    if (isOver || timer !== null || underWay !== null) return;
    timer = setTimeout(start, Math.max(0, lastStartMs + everyMs - nowMs()));
    timer.unref(); // a report that is still to come keeps no process alive
  }

  return {
    changed() {
      isNew = true;
      plan();
    },
    async finish() {
      isOver = true;
      if (timer !== null) clearTimeout(timer);
      await underWay;
      await write();
    },
  };
}
