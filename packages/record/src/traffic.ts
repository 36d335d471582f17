/** Bytes on the wire as the clients see them: `up` leaves a client, `down` reaches it. */
export interface WireBytes {
  readonly up: number;
  readonly down: number;
}

/**
 * What bytes are spent on: the steps of a run by stage, evaluation and kept device states apart, messages while no step is open, and everything
 * a client needs before it can take part.
 */
export type TrafficLabel = "score" | "count" | "train" | "evaluation" | "states" | "waiting" | "backbone" | "dataset" | "pages";

/** Bytes by what they were spent on. */
export type TrafficTotals = Readonly<Record<TrafficLabel, WireBytes>>;

/** Every label, in the order of reports. */
export const trafficLabels: readonly TrafficLabel[] = [
  "score",
  "count",
  "train",
  "evaluation",
  "states",
  "waiting",
  "backbone",
  "dataset",
  "pages",
];

/** Bytes of all steps so far. */
export interface StepBytes extends WireBytes {
  /** Those that were fetched while evaluations were open, and are charged to training. */
  readonly takenOver: WireBytes;
}
