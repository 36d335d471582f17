import { integer, number, standingOrderSchemas } from "@tutti/core";
import { z } from "zod";
import { backendSchema, countSchema, deviceIdSchema, finiteSchema, lossSchema, ordinalSchema, text } from "./fields.ts";
import { limits } from "./limits.ts";
import { orderEventSchema } from "./orders.ts";
import { evaluationPointSchema, statusSchema, trafficSchema } from "./status.ts";
import { stageSchema, taskKindSchema } from "./tasks.ts";

/** The most of each kind that a feed holds; of more devices the first are shown, of more rounds the latest. */
export const liveLimits = { maxTiles: 1000, maxRounds: 2000, maxSteps: 16, maxListed: 100, maxOrders: 500 } as const;

/** What a device is doing, as far as the coordinator knows (P-171). */
export const tileStates = [
  "away",
  "loading",
  "waiting",
  "scoring",
  "probing",
  "training",
  "evaluating",
  "paused",
  "rests",
  "late",
  "done",
] as const;

/** A device as the stage shows it. */
const tileSchema = z.strictObject({
  deviceId: deviceIdSchema,
  /** Of its client, as it calls itself. */
  nickname: text(limits.maxNickname).nullable(),
  state: z.enum(tileStates),
  /** Of its present task, where its client has said how far it is. */
  step: integer(0, limits.maxSteps).exactOptional(),
  numSteps: integer(1, limits.maxSteps).exactOptional(),
  /** Steps a second, as the coordinator's clock saw them come; of the latest task that told enough of them. */
  speed: number(0, limits.maxNumber).exactOptional(),
  backend: backendSchema.nullable(),
  /** Only where its client is there to help until people come. */
  isHelper: z.literal(true).exactOptional(),
});

const devicesSchema = z.array(deviceIdSchema).max(liveLimits.maxListed).readonly();

/** A closed step of a round. */
const liveStepSchema = z.strictObject({
  step: ordinalSchema,
  /** Attempts that it needed. */
  attempt: ordinalSchema,
  kind: taskKindSchema,
  /** Devices that were asked, and those that count: how many, and the first of them. */
  numAsked: integer(0, limits.maxDevices),
  numCounted: integer(0, limits.maxDevices),
  asked: devicesSchema,
  counted: devicesSchema,
  seconds: number(0, limits.maxNumber),
  bytes: trafficSchema,
});

const layerValuesSchema = z.array(finiteSchema.nullable()).max(limits.maxLayers).readonly();

/** How far the devices of a training step moved, in the Euclidean norm. */
export const movementSchema = z.strictObject({
  /** Mean over devices of ‖y_i − W‖. */
  update: number(0, limits.maxNumber),
  /** Root mean square over devices of ‖(y_i − W) − mean‖: how far they drift apart. */
  drift: number(0, limits.maxNumber),
  /** ‖mean of y_i − W‖ by layer, null where nothing of the layer travelled. */
  layers: z.array(number(0, limits.maxNumber).nullable()).max(limits.maxLayers).readonly(),
  /** ‖c‖ after the step, where the strategy has control variates. */
  control: number(0, limits.maxNumber).exactOptional(),
});

/** A round whose first step has closed, with all its steps that have. */
const liveRoundSchema = z.strictObject({
  stage: stageSchema,
  round: ordinalSchema,
  steps: z.array(liveStepSchema).max(liveLimits.maxSteps).readonly(),
  /** Mean over the round's devices of the last local epoch's loss; null where nothing was trained. */
  trainLoss: lossSchema.nullable(),
  evaluations: z.array(evaluationPointSchema).max(limits.maxEvaluationResults).readonly(),
  /** Without evaluations, and those apart. */
  bytes: trafficSchema,
  evaluationBytes: trafficSchema,
  /** What its training would have cost with every layer in f32; 0 where nothing was trained for all. */
  allLayersF32: trafficSchema,
  /** s_l as the round's devices found them, null where a layer is not scored. */
  scores: layerValuesSchema.exactOptional(),
  movement: movementSchema.exactOptional(),
});

/** Values that are trained: of each layer, and beside the layers. */
const sizesSchema = z.strictObject({ layers: z.array(countSchema).max(limits.maxLayers).readonly(), others: countSchema });

/** The status without what the rounds of the feed say. */
export const liveStatusSchema = statusSchema.omit({ history: true, historyStart: true, probes: true, plans: true, leftOut: true });

/** What an order says to everybody: nothing of single clients, and of a strategy its name. */
const shownOrderSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["start", "pause", "resume", "stop", "nextRound", "newRun"]) }),
  ...standingOrderSchemas,
  z.strictObject({ kind: z.literal("switchStrategy"), name: text(limits.maxName) }),
]);

/** An order of the operator's, without what is about single clients. */
const liveOrderSchema = orderEventSchema.omit({ order: true }).extend({ order: shownOrderSchema });

const ordersSchema = z.array(liveOrderSchema).max(liveLimits.maxOrders).readonly();

const tilesSchema = z.array(tileSchema).max(liveLimits.maxTiles).readonly();
const roundsSchema = z.array(liveRoundSchema).max(liveLimits.maxRounds).readonly();

/** What `GET /live` sends first, under the event `whole` (P-170). */
export const liveSchema = z.strictObject({
  status: liveStatusSchema,
  sizes: sizesSchema,
  devices: tilesSchema,
  rounds: roundsSchema,
  /** What the operator changed, oldest first: without what is about single clients. */
  orders: ordersSchema,
});

/** What it sends from then on, under the event `change`: what is absent is as it was, tiles, rounds and orders replace those of the same name. */
export const liveChangeSchema = z.strictObject({
  status: liveStatusSchema.exactOptional(),
  devices: tilesSchema.exactOptional(),
  /** Devices that are not shown any more. */
  gone: z.array(deviceIdSchema).max(liveLimits.maxTiles).readonly().exactOptional(),
  rounds: roundsSchema.exactOptional(),
  orders: ordersSchema.exactOptional(),
});

/** The data of `goodbye`, the last event of a coordinator that closes. */
export const liveGoodbyeSchema = z.object({ reason: text(100), message: text(limits.maxReason).optional() });

/** The whole of a feed. */
export type Live = z.infer<typeof liveSchema>;
/** What has changed since. */
export type LiveChange = z.infer<typeof liveChangeSchema>;
/** The status, as a feed has it. */
export type LiveStatus = z.infer<typeof liveStatusSchema>;
/** A device as the stage shows it. */
export type DeviceTile = z.infer<typeof tileSchema>;
/** What a device is doing. */
export type TileState = DeviceTile["state"];
/** A round as the stage shows it. */
export type LiveRound = z.infer<typeof liveRoundSchema>;
/** A closed step of a round. */
export type LiveStep = z.infer<typeof liveStepSchema>;
/** An order of the operator's, as a feed has it. */
export type LiveOrder = z.infer<typeof liveOrderSchema>;
/** How far the devices of a training step moved. */
export type Movement = z.infer<typeof movementSchema>;

/** The whole after a change. */
export function applyChange(live: Live, { status, devices = [], gone = [], rounds = [], orders = [] }: LiveChange): Live {
  return {
    ...live,
    status: status ?? live.status,
    devices: replaceIn(live.devices, devices, ({ deviceId }) => deviceId, new Set(gone)),
    rounds: replaceIn(live.rounds, rounds, ({ stage, round }) => `${stage}/${round}`).slice(-liveLimits.maxRounds),
    orders: replaceIn(live.orders, orders, ({ number }) => number).slice(-liveLimits.maxOrders),
  };
}

/** Those of the same key replaced, the others at the end; the same list where nothing changes. */
function replaceIn<T, K>(
  known: readonly T[],
  changed: readonly T[],
  keyOf: (item: T) => K,
  gone: ReadonlySet<K> = new Set(),
): readonly T[] {
  if (changed.length === 0 && gone.size === 0) return known;
  const byKey = new Map(changed.map((item) => [keyOf(item), item]));
  const kept = known.flatMap((item) => {
    const key = keyOf(item);
    const next = byKey.get(key) ?? item;
    byKey.delete(key);
    return gone.has(key) ? [] : [next];
  });
  return [...kept, ...byKey.values()];
}
