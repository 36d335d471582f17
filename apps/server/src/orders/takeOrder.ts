import {
  backwardPassesOf,
  createRandom,
  drawPoisoned,
  isTooFew,
  poisonFactor,
  runOf,
  type StandingOrder,
  type StrategyState,
  sampledSize,
} from "@tutti/core";
import type { Order, OrderEvent, OrderRefusal } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { LiveRun } from "../liveRun.ts";
import type { OrderBook, OrderFindings } from "./orderBook.ts";
import type { NamedConfig, SuccessionOrder } from "./succession.ts";

/** What orders are about. */
export interface OrderPorts {
  readonly config: CoordinatorConfig;
  readonly live: Pick<LiveRun, "pool" | "book" | "steps" | "isDone" | "canBegin" | "begin" | "state" | "numClasses">;
  /** False where no client of this key is known. */
  isAbout(action: "approve" | "kick", clientKey: string): boolean;
  toClient(action: "approve" | "kick", clientKey: string): void;
  /** The run that would follow, or null where this coordinator serves one run alone. */
  successor(order: SuccessionOrder): NamedConfig | null;
  /** Runs that could not be opened when they were to follow. */
  readonly unopened?: ReadonlySet<string> | undefined;
}

/** An order that was written down and carried out, or why it was not: then nothing has changed. */
export type Taken = { readonly event: OrderEvent; readonly next?: NamedConfig } | Unfit;

/** Why an order is not carried out: a sentence, and the same for pages where it has a kind. */
export interface Unfit {
  readonly refused: string;
  readonly why?: OrderRefusal;
}

/** Takes an order; what ends the coordinator is the caller's to do, once it has answered. */
export function takeOrder(order: Order, ports: OrderPorts): Taken {
  const { live } = ports;
  switch (order.kind) {
    case "start":
      if (ports.config.run.roster === "fixed")
        return { refused: "this run begins by itself when its devices are here", why: { kind: "beginsByItself" } };
      if (!live.canBegin()) return { refused: "the run has begun already", why: { kind: "hasBegun" } };
      return given(order, ports, live.begin);
    case "pause":
      return whileItGoesOn(order, ports, live.book.inForce().isPaused ? unfitFor("isPaused", "the run is paused already") : null);
    case "resume":
      return given(order, ports, null, live.book.inForce().isPaused ? null : unfitFor("isNotPaused", "the run is not paused"));
    case "nextRound":
      return nextRound(order, ports);
    case "stop":
      return given(order, ports);
    case "approve":
    case "sendAway": {
      const action = order.kind === "approve" ? "approve" : "kick";
      const isKnown = ports.isAbout(action, order.clientKey);
      const unknown = isKnown ? null : unfitFor("unknownClient", "no client of this key is known");
      return given(order, ports, () => ports.toClient(action, order.clientKey), unknown);
    }
    case "newRun":
    case "switchStrategy":
      return succeed(order, ports);
    default:
      return stand(order, ports);
  }
}

function given(
  order: Order,
  { live }: OrderPorts,
  act: (() => void) | null = null,
  refused: Unfit | null = null,
  found?: OrderFindings,
): Taken {
  if (refused !== null) return refused;
  const event = live.book.give(order, found);
  act?.();
  return { event };
}

function whileItGoesOn(order: Order, ports: OrderPorts, refused: Unfit | null, found?: OrderFindings): Taken {
  return given(order, ports, null, ports.live.isDone ? unfitFor("isOver", "the run is over") : refused, found);
}

function nextRound(order: Order, ports: OrderPorts): Taken {
  const { pool } = ports.live;
  const open = pool.cuttable();
  if ("refused" in open) return open;
  return given(order, ports, pool.cutShort, null, { from: open.place });
}

function succeed(order: SuccessionOrder, ports: OrderPorts): Taken {
  const { live, successor } = ports;
  const followed = whyFollowed(live.book, ports.unopened);
  if (followed !== null) return followed;
  if (order.kind === "switchStrategy" && live.steps().length === 0)
    return {
      refused: "nothing has been learnt yet that another strategy could go on from: wait for the first step",
      why: { kind: "nothingLearnt" },
    };
  const next = successor(order);
  if (next === null)
    return { refused: "this coordinator serves one run alone: start `tutti serve` to have others follow", why: { kind: "servesOne" } };
  return { event: live.book.give(order, { nextRunId: next.runId }), next };
}

/** Why no other run can follow; null where none does yet. */
export function whyFollowed({ events }: Pick<OrderBook, "events">, unopened: ReadonlySet<string> = new Set()): Unfit | null {
  return events().some(({ nextRunId }) => nextRunId !== undefined && !unopened.has(nextRunId))
    ? unfitFor("isFollowed", "another run follows this one already")
    : null;
}

function stand(order: StandingOrder, ports: OrderPorts): Taken {
  const { live, config } = ports;
  if (order.kind !== "poison") return whileItGoesOn(order, ports, unfit(order, ports));
  const present = live.pool.roster().filter(({ isConnected, hasLeft }) => isConnected && hasLeft !== true);
  const here = present.map(({ id }) => id);
  const number = live.book.latest() + 1;
  const deviceIds = drawPoisoned(here, order.numDevices, { random: createRandom(config.run.seed), number });
  const factor = order.factor ?? poisonFactor(cohortSize(live.state(), ports));
  return whileItGoesOn(order, ports, whyNotPoisoned(deviceIds, ports), { poison: { deviceIds, factor } });
}

function whyNotPoisoned(deviceIds: readonly number[], { config }: OrderPorts): Unfit | null {
  if (backwardPassesOf(config.run) === "none")
    return unfitFor("noUpdates", "devices of this run send no updates: nothing can be turned round and made larger");
  return deviceIds.length === 0 ? unfitFor("nobodyToPoison", "no device is here to be poisoned") : null;
}

/** Why an order does not fit the run as it is, or null. */
function unfit(order: Exclude<StandingOrder, { kind: "poison" }>, ports: OrderPorts): Unfit | null {
  const { live } = ports;
  const run = runOf(live.state()) ?? null;
  switch (order.kind) {
    case "sampleFraction": {
      if (run === null)
        return unfitFor("noSampleFraction", "this strategy decides by itself how many devices it asks: it has no sample fraction");
      const asked = { ...run, cohortSize: sampledSize(order.fraction, run, live.pool.roster().length) };
      const { cohortSize: size } = asked;
      const refused = `the rule of aggregation needs more updates than a cohort of ${size} can give`;
      return isTooFew(asked) ? { refused, why: { kind: "tooFewForRule", size } } : null;
    }
    case "deadline":
      return null;
    case "skew":
      return live.numClasses === null ? unfitFor("noClasses", "the data cannot be skewed by label: this task has no classes") : null;
    case "drop": {
      const size = cohortSize(live.state(), ports);
      const count = Math.round(order.fraction * size);
      const refused = `${Math.round(100 * order.fraction)} % of a cohort of ${size} is nobody: ask more devices first`;
      return count === 0 ? { refused, why: { kind: "nobodyDropped", fraction: order.fraction, size } } : null;
    }
    case "takeBack":
      return live.book.inForce()[order.what] === null ? unfitFor("nothingToTakeBack", "there is nothing of this kind to take back") : null;
  }
}

type KindAlone = Exclude<OrderRefusal, { kind: "tooFewForRule" | "nobodyDropped" | "tooFewIn" }>["kind"];

function unfitFor(kind: KindAlone, refused: string): Unfit {
  return { refused, why: { kind } };
}

/** Devices that a round asks at present. */
function cohortSize(state: StrategyState, { live, config }: OrderPorts): number {
  const run = runOf(state) ?? config.run;
  const { sampleFraction } = live.book.inForce();
  const numRegistered = live.pool.roster().length;
  const most = run.roster === "fixed" ? run.numDevices : Math.max(1, numRegistered);
  return sampleFraction === null ? Math.min(run.cohortSize, most) : sampledSize(sampleFraction, run, numRegistered);
}
