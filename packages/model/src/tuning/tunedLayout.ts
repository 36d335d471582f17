import type { TunedEntry } from "@tutti/core";

interface Entry extends TunedEntry {
  readonly start: number;
  readonly numValues: number;
}

/** The trained parameters laid end to end: the method's (layer 0's, layer 1's, …), then the linear head's weight and bias. */
export interface TunedLayout {
  readonly entries: readonly Entry[];
  readonly numValues: number;
  /** Values that belong to the method; they come first. */
  readonly numMethodValues: number;
}
