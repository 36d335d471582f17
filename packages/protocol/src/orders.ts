import { type InForce, integer, number, settingLimits, standingOrderSchemas } from "@tutti/core";
import { z } from "zod";
import { clientKeySchema, deviceIdSchema, ordinalSchema, runIdSchema } from "./fields.ts";
import { stageSchema } from "./tasks.ts";

/** The number that everything random of a run derives from. */
const seedSchema = integer(0, 2 ** 32 - 1);

/** A strategy with the settings that differ from its defaults; what they may be is the coordinator's to say. */
const strategyOrderSchema = z.object({ name: z.string().max(settingLimits.maxName) }).catchall(z.json());

/** What an operator can order (P-175); each is journalled before it is answered. */
export const orderSchema = z.discriminatedUnion("kind", [
  /** An open roster may begin with whom it has. */
  z.strictObject({ kind: z.literal("start") }),
  /** No further step is planned until `resume`; the open one goes on to its end. */
  z.strictObject({ kind: z.literal("pause") }),
  z.strictObject({ kind: z.literal("resume") }),
  /** The coordinator says goodbye and ends; the run can be resumed. */
  z.strictObject({ kind: z.literal("stop") }),
  /** The open step closes now with what is in. */
  z.strictObject({ kind: z.literal("nextRound") }),
  ...standingOrderSchemas,
  /** A client that waits may come in. */
  z.strictObject({ kind: z.literal("approve"), clientKey: clientKeySchema }),
  z.strictObject({ kind: z.literal("sendAway"), clientKey: clientKeySchema }),
  /** This run is closed and kept, and another one with the same settings and another seed follows it at the same address. */
  z.strictObject({ kind: z.literal("newRun"), seed: seedSchema.exactOptional() }),
  /** The same with another strategy, from this run's parameters. */
  z.strictObject({ kind: z.literal("switchStrategy"), strategy: strategyOrderSchema }),
]);

/** A step of a run, by the attempt that was planned. */
const stepPlaceSchema = z.strictObject({ stage: stageSchema, round: ordinalSchema, step: ordinalSchema, attempt: ordinalSchema });

const poisonSchema = z.strictObject({
  deviceIds: z.array(deviceIdSchema).max(1000).readonly(),
  factor: number(0.1, 1000),
});

/** An order that was journalled. */
export const orderEventSchema = z.strictObject({
  /** From 1, in the order in which they were given. */
  number: integer(1, 1_000_000),
  /** Milliseconds since 1970. */
  at: integer(0, Number.MAX_SAFE_INTEGER),
  order: orderSchema,
  /** The first step that was planned under it; of `nextRound` the step that it closed. Null until then. */
  from: stepPlaceSchema.nullable(),
  /** Of `poison`: whom it is about. */
  poison: poisonSchema.exactOptional(),
  /** Of `newRun` and `switchStrategy`: the run that follows. */
  nextRunId: runIdSchema.exactOptional(),
});

/** What holds for the next plan; null where the run's settings hold. */
export const inForceSchema = z.strictObject({
  isPaused: z.boolean(),
  sampleFraction: number(0.001, 1).nullable(),
  deadline: z.strictObject({ deadlineMs: integer(100, settingLimits.maxDeadlineMs).nullable() }).nullable(),
  skew: z.strictObject({ dirichletAlpha: number(1e-6, 1e6) }).nullable(),
  drop: z.strictObject({ fraction: number(0.01, 0.9) }).nullable(),
  poison: poisonSchema.nullable(),
}) satisfies z.ZodType<InForce>;

/** The answer to GET /control/orders. */
export const ordersSchema = z.strictObject({
  /** Oldest first. */
  events: z.array(orderEventSchema).readonly(),
  inForce: inForceSchema,
});

/** Why an order is refused, as a kind with its figures, beside the sentence of the answer. */
export const orderRefusalSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum([
      "beginsByItself",
      "hasBegun",
      "isPaused",
      "isNotPaused",
      "unknownClient",
      "isOver",
      "isFollowed",
      "isBeingFollowed",
      "nothingLearnt",
      "servesOne",
      "byInvitation",
      "nobodyToPoison",
      "noUpdates",
      "noSampleFraction",
      "noClasses",
      "nothingToTakeBack",
      "noOpenStep",
      "computeStep",
    ]),
  }),
  z.strictObject({ kind: z.literal("tooFewForRule"), size: integer(0, settingLimits.maxDevices) }),
  z.strictObject({ kind: z.literal("nobodyDropped"), fraction: number(0, 1), size: integer(0, settingLimits.maxDevices) }),
  z.strictObject({
    kind: z.literal("tooFewIn"),
    numIn: integer(0, settingLimits.maxDevices),
    numTasks: integer(0, settingLimits.maxDevices),
    needed: integer(0, settingLimits.maxDevices),
  }),
]);

/** Why an order is refused. */
export type OrderRefusal = z.output<typeof orderRefusalSchema>;

/** What an operator orders. */
export type Order = z.output<typeof orderSchema>;
/** The same as it is sent: what has a default may be left out. */
export type OrderInput = z.input<typeof orderSchema>;
/** An order in the journal. */
export type OrderEvent = z.output<typeof orderEventSchema>;
/** A step of a run. */
export type StepPlace = z.output<typeof stepPlaceSchema>;
/** All orders so far, and what holds. */
export type Orders = z.output<typeof ordersSchema>;

/** The answer to GET /control/clients: everybody that an operator may do something about. */
export const listedClientsSchema = z.strictObject({
  clients: z
    .array(
      z.strictObject({
        clientKey: clientKeySchema,
        /** As it calls itself. */
        nickname: z.string().nullable(),
        standing: z.enum(["in", "away", "waiting", "banned"]),
        deviceIds: z.array(deviceIdSchema).readonly(),
        /** Id of the invitation that it redeemed, or null. */
        invitation: z.string().nullable(),
      }),
    )
    .readonly(),
});

/** What an operator sees of a client. */
export type ListedClient = z.output<typeof listedClientsSchema>["clients"][number];
