import type { SpeedGroup } from "../names.ts";

/** What `tutti bench speed` was asked for. */
export interface SpeedAsked {
  /** A commit to compare with; null for this checkout alone. */
  readonly against: string | null;
  /** Empty for all. */
  readonly only: readonly SpeedGroup[];
  /** Fewer turns, for a look. */
  readonly isQuick: boolean;
  say(line: string): void;
  /** Ends the measuring; what it started is ended and removed. */
  readonly signal: AbortSignal;
}

/** The checkouts that take turns. */
export interface Sides {
  /** This one's folder. */
  readonly now: string;
  /** The older one's; null without one. */
  readonly before: string | null;
}

/** What measuring a part needs. */
export type SpeedPlace = Sides & Pick<SpeedAsked, "isQuick" | "say" | "signal">;
