import { z } from "zod";
import { wireBytesField } from "./fields.ts";

/** Bytes on the wire as the clients see them: `up` leaves a client, `down` reaches it. */
export type WireBytes = z.infer<typeof wireBytesField>;

/**
 * What bytes are spent on, in the order of reports: the steps of a run by stage, evaluation and kept device states apart, messages while no step
 * is open, and everything a client needs before it can take part.
 */
export const trafficLabels = ["score", "count", "train", "evaluation", "states", "waiting", "backbone", "dataset", "pages"] as const;

/** One of the things that bytes are spent on. */
export type TrafficLabel = (typeof trafficLabels)[number];

/** Bytes by what they were spent on. */
export const trafficSchema = z.record(z.enum(trafficLabels), wireBytesField).readonly();

/** Bytes by what they were spent on. */
export type TrafficTotals = z.infer<typeof trafficSchema>;

/** Bytes of all steps so far. */
export interface StepBytes extends WireBytes {
  /** Those that were fetched while evaluations were open, and are charged to training. */
  readonly takenOver: WireBytes;
}
