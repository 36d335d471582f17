import type { BenchRow } from "../rows.ts";

/** What a part of `npm run torture` works with. */
export interface TorturePlace {
  /** Exists, is empty, belongs to this part alone and is removed afterwards. */
  readonly folder: string;
  /** Everything that a part draws follows from it. */
  readonly seed: number;
  /** Aborts when the part is to end, at Ctrl-C or when its time is over: it then gives the rows that it has, or throws. */
  readonly signal: AbortSignal;
  /** Shows how far the part is. */
  say(line: string): void;
}

/** A part of `npm run torture`: real sockets, real files, and a row for each promise. */
export type TorturePart = (place: TorturePlace) => Promise<readonly BenchRow[]>;
