import { z } from "zod";
import { integer, number } from "../settings/fields.ts";
import { settingLimits as limits } from "../settings/limits.ts";
import type { Unchanging } from "../settings/unchanging.ts";
import type { DeviceId } from "../task.ts";

/** What an operator can set in a run that goes on, and take back. */
export const takenBack = ["sampleFraction", "deadline", "skew", "drop", "poison"] as const;

/** Orders that hold from the next plan until they are taken back; without them a run computes what its settings say. */
export const standingOrderSchemas = [
  /** Share of the devices that a round asks, in place of `cohortSize`. */
  z.strictObject({ kind: z.literal("sampleFraction"), fraction: number(0.001, 1) }),
  /** Milliseconds that a step may take, in place of the run's; null for no deadline. */
  z.strictObject({ kind: z.literal("deadline"), deadlineMs: integer(100, limits.maxDeadlineMs).nullable() }),
  /** A lesson: training shares of the same sizes, dealt again by label with this Dirichlet α. */
  z.strictObject({ kind: z.literal("skew"), dirichletAlpha: number(1e-6, 1e6).default(0.1) }),
  /** A lesson: this share of each round's cohort counts as left. */
  z.strictObject({ kind: z.literal("drop"), fraction: number(0.01, 0.9).default(0.3) }),
  /** A lesson: the coordinator turns round what some devices send, `factor` times as large; absent for as large as the cohort, at least 5. */
  z.strictObject({ kind: z.literal("poison"), numDevices: integer(1, 1000).default(2), factor: number(0.1, 1000).exactOptional() }),
  z.strictObject({ kind: z.literal("takeBack"), what: z.enum(takenBack) }),
] as const;

const standingOrderSchema = z.discriminatedUnion("kind", [...standingOrderSchemas]);

/** An order in a run's settings, which holds from this training round on: so an experiment can repeat a lesson. */
export const scheduledOrderSchema = z.strictObject({ round: integer(1, limits.maxRounds), order: standingOrderSchema });

/** An order in a run's settings. */
export type ScheduledOrder = Unchanging<z.output<typeof scheduledOrderSchema>>;

/** An order that holds from the next plan until it is taken back. */
export type StandingOrder = Unchanging<z.output<typeof standingOrderSchema>>;

/** Devices whose updates the coordinator turns round. */
export interface Poison {
  readonly deviceIds: readonly DeviceId[];
  readonly factor: number;
}

/** What holds for the next plan; null where the settings hold. */
export interface InForce {
  readonly isPaused: boolean;
  readonly sampleFraction: number | null;
  readonly deadline: { readonly deadlineMs: number | null } | null;
  readonly skew: { readonly dirichletAlpha: number } | null;
  readonly drop: { readonly fraction: number } | null;
  readonly poison: Poison | null;
}

/** Before the first order. */
export const nothingInForce: InForce = { isPaused: false, sampleFraction: null, deadline: null, skew: null, drop: null, poison: null };

/** A standing order, or that a run rests and goes on; `poison` is whom it was found to be about. */
export interface HoldingOrder {
  readonly order: StandingOrder | { readonly kind: "pause" } | { readonly kind: "resume" };
  readonly poison?: Poison;
}

/** What holds after one more order. */
export function inForceAfter(before: InForce, { order, poison }: HoldingOrder): InForce {
  switch (order.kind) {
    case "pause":
      return { ...before, isPaused: true };
    case "resume":
      return { ...before, isPaused: false };
    case "sampleFraction":
      return { ...before, sampleFraction: order.fraction };
    case "deadline":
      return { ...before, deadline: { deadlineMs: order.deadlineMs } };
    case "skew":
      return { ...before, skew: { dirichletAlpha: order.dirichletAlpha } };
    case "drop":
      return { ...before, drop: { fraction: order.fraction } };
    case "poison":
      return { ...before, poison: poison ?? null };
    case "takeBack":
      return { ...before, [order.what]: null };
  }
}
