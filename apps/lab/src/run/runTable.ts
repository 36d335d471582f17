import type { RunRecord } from "@tutti/record";
import type { Board, BoardRow } from "./board.ts";

/** The board's table: how far the experiment is, and a line for each run that is under way. */
export interface RunTable {
  /** Sets the line of a slot's run, and draws. */
  show(slot: number, row: BoardRow): void;
  /** Leaves the slot's line out from the next drawing on. */
  hide(slot: number): void;
  draw(): void;
}

/** What the table counts. */
export interface Counted {
  readonly name: string;
  readonly board: Pick<Board, "draw">;
  /** Results by the run's id, those of earlier starts among them. */
  readonly results: ReadonlyMap<string, RunRecord>;
  readonly expected: { readonly numRuns: number; readonly seconds: number };
}

/** A table whose time left follows from the runs that this process has done, and before the first one from the estimate. */
export function createRunTable({ name, board, results, expected }: Counted, nowMs = () => performance.now()): RunTable {
  const rows = new Map<number, BoardRow>();
  const startMs = nowMs();
  const numEarlier = [...results.values()].filter(({ error }) => error === null).length;

  function draw(): void {
    const { numRuns } = expected;
    const numFailed = [...results.values()].filter(({ error }) => error !== null).length;
    const numDone = results.size - numFailed;
    const numNew = numDone - numEarlier;
    const perRun = numNew === 0 ? expected.seconds / Math.max(1, numRuns - numEarlier) : (nowMs() - startMs) / 1000 / numNew;
    board.draw({ name, numDone, numFailed, numRuns, secondsLeft: perRun * (numRuns - results.size) }, [...rows.values()]);
  }

  return {
    show(slot, row) {
      rows.set(slot, row);
      draw();
    },
    hide: (slot) => void rows.delete(slot),
    draw,
  };
}
