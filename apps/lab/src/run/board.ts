import { formatCount, formatSeconds, type RunSettings } from "@tutti/core";
import { estimateSecondsLeft, type RunRecord, type StepRecord, scheduleOf } from "@tutti/record";
import type { Coordinator } from "@tutti/server";
import type { Terminal } from "@tutti/terminal";
import type { PlannedRun } from "../experiment/plannedRun.ts";
import { latestAccuracy } from "./follow.ts";

/** A run that is under way, as a line of the table. */
export interface BoardRow {
  readonly name: string;
  /** Such as `training round 4/12`. */
  readonly activity: string;
  readonly accuracy: string | null;
  readonly secondsLeft: number | null;
}

/** Where the experiment stands. */
export interface BoardHead {
  readonly name: string;
  readonly numDone: number;
  readonly numFailed: number;
  readonly numRuns: number;
  readonly secondsLeft: number | null;
}

/** A run's name for people: method, variant, task and seed. */
export function nameOfRun({ methodTitle, variant, task, settings, isRateTrial }: PlannedRun): string {
  const varied = Object.entries(variant).map(([axis, value]) => `${axis} ${value}`);
  const rate = isRateTrial ? [`rate ${settings.training.clientLearningRate}`] : [];
  return [methodTitle, ...varied, task, `seed ${settings.seed}`, ...rate].join(" · ");
}

/** What a coordinator's run is doing. */
export function rowOf(run: PlannedRun, coordinator: Pick<Coordinator, "status" | "steps">): BoardRow {
  const { stage, round, numRounds, phase, message } = coordinator.status();
  const steps = coordinator.steps();
  const names = { score: "scoring", count: "counting", train: "training" };
  const activity =
    phase === "waiting" || stage === null
      ? message === null
        ? "waiting for clients"
        : `waiting: ${message}`
      : `${names[stage]} round ${round}/${numRounds}`;
  return { name: nameOfRun(run), activity, accuracy: latestAccuracy(steps), secondsLeft: secondsLeftOf(run.settings, steps) };
}

function secondsLeftOf(settings: RunSettings, steps: readonly StepRecord[]): number | null {
  return estimateSecondsLeft(scheduleOf(settings), steps);
}

/** How far runs are, such as `3 of 5 runs done, 2 failed`; one that has no result yet is undefined. */
export function progressText(results: readonly (Pick<RunRecord, "error"> | undefined)[]): string {
  const numDone = results.filter((run) => run?.error === null).length;
  const numFailed = results.filter((run) => typeof run?.error === "string").length;
  const runs = formatCount(results.length, "run");
  return `${numDone === results.length ? runs : `${numDone} of ${runs}`} done${numFailed === 0 ? "" : `, ${numFailed} failed`}`;
}

/** The table, line by line, none wider than the terminal. */
export function renderBoard(head: BoardHead, rows: readonly BoardRow[], columns: number): string[] {
  const failed = head.numFailed === 0 ? "" : `, ${head.numFailed} failed`;
  const left = head.secondsLeft === null ? "" : ` · about ${formatSeconds(head.secondsLeft)} left`;
  const width = 20;
  const numFull = Math.round((width * head.numDone) / Math.max(1, head.numRuns));
  const bar = `${"█".repeat(numFull)}${"░".repeat(width - numFull)}`;
  const lines = rows.map(({ name, activity, accuracy, secondsLeft }) =>
    [
      "  ▸",
      name,
      "·",
      activity,
      ...(accuracy === null ? [] : ["·", accuracy]),
      ...(secondsLeft === null ? [] : ["·", formatSeconds(secondsLeft)]),
    ].join(" "),
  );
  return [`${head.name} ${bar} ${head.numDone}/${head.numRuns} runs${failed}${left}`, ...lines].map((line) =>
    line.slice(0, Math.max(0, columns - 1)),
  );
}

/** A table under a growing log on a terminal; the log alone elsewhere. */
export interface Board {
  say(line: string): void;
  draw(head: BoardHead, rows: readonly BoardRow[]): void;
  /** Takes the table away. */
  end(): void;
}

const plainEveryMs = 30_000;

/** Draws on a terminal, or writes plain lines where there is none: what is said, and the table now and then. */
export function createBoard(terminal: Terminal, nowMs = () => performance.now()): Board {
  const isTerminal = terminal.isTTY === true;
  let drawn: readonly string[] = [];
  let plainMs = nowMs();
  const columns = () => (terminal.columns !== undefined && terminal.columns > 0 ? terminal.columns : 80);
  const erase = () => (drawn.length === 0 ? "" : `\r\u001B[${drawn.length}A\u001B[0J`);
  const show = (before: string, lines: readonly string[]) => {
    terminal.write(`${erase()}${before}${lines.map((line) => `${line}\n`).join("")}`);
    drawn = lines;
  };
  return {
    say(line) {
      if (isTerminal) show(`${line}\n`, drawn);
      else terminal.write(`${line}\n`);
    },
    draw(head, rows) {
      if (isTerminal) show("", renderBoard(head, rows, columns()));
      if (isTerminal || nowMs() - plainMs < plainEveryMs) return;
      plainMs = nowMs();
      for (const line of renderBoard(head, rows, 200)) terminal.write(`${line}\n`);
    },
    end() {
      if (isTerminal) show("", []);
    },
  };
}
