import { deferred, type GivenOrders, type InForce, inForceAfter, nothingInForce, type RoundPlan, type StandingOrder } from "@tutti/core";
import type { Order, OrderEvent, StepPlace } from "@tutti/protocol";
import type { Journal } from "../journal/journal.ts";

/** What is found out about an order when it is given. */
export type OrderFindings = Partial<Pick<OrderEvent, "from" | "poison" | "nextRunId">>;

/** The operator's orders of a run, which go into its journal before anything follows from them. */
export interface OrderBook extends GivenOrders {
  /** Oldest first. */
  events(): readonly OrderEvent[];
  /** Writes an order down: it holds from the next plan. What is acknowledged waits for the journal. */
  give(order: Order, found?: OrderFindings): OrderEvent;
  /** A plan is in the journal: orders that waited for one hold from it. */
  planned(plan: RoundPlan): void;
  /** Whether the step was ordered to close before an earlier process ended. */
  wasCutShort(plan: RoundPlan): boolean;
}

/** What a book needs of its surroundings. */
export interface OrderBookPorts {
  readonly journal: Pick<Journal, "contents" | "putOrder">;
  /** Those of the run's settings. */
  readonly scheduled?: GivenOrders["scheduled"];
  /** Milliseconds since 1970. */
  now(): number;
  /** An order was given, or a plan made that it holds from. */
  onChange(event: OrderEvent): void;
}

/** A book that goes on from what was journalled. */
export function createOrderBook({ journal, scheduled, now, onChange }: OrderBookPorts): OrderBook {
  const contents = journal.contents();
  const events = [...(contents?.orders ?? [])];
  let changed = deferred<void>();

  function planned(plan: Pick<RoundPlan, keyof StepPlace | "orders">): void {
    for (const [at, event] of events.entries()) {
      if (event.from !== null || event.number > (plan.orders ?? 0)) continue;
      const held = { ...event, from: placeOf(plan) };
      events[at] = held;
      journal.putOrder(held);
      onChange(held);
    }
  }

  // a kill may have come between a plan and the note of which orders hold from it
  const plan = contents?.next?.plan ?? contents?.plan ?? null;
  if (plan !== null) planned(plan);

  return {
    events: () => events,
    scheduled,
    inForce: (from = nothingInForce) => events.reduce(holding, from),
    latest: () => events.at(-1)?.number ?? 0,
    whenChanged: () => changed.promise,
    give(order, found = {}) {
      const event: OrderEvent = { number: (events.at(-1)?.number ?? 0) + 1, at: now(), order, from: null, ...found };
      journal.putOrder(event);
      events.push(event);
      const told = changed;
      changed = deferred();
      told.resolve();
      onChange(event);
      return event;
    },
    planned,
    wasCutShort: (plan) => events.some(({ order, from }) => order.kind === "nextRound" && from !== null && isSame(from, plan)),
  };
}

/** A step's name. */
export function placeOf({ stage, round, step, attempt }: StepPlace): StepPlace {
  return { stage, round, step, attempt };
}

function isSame(a: StepPlace, b: StepPlace): boolean {
  return a.stage === b.stage && a.round === b.round && a.step === b.step && a.attempt === b.attempt;
}

function holding(before: InForce, { order, poison }: Pick<OrderEvent, "order" | "poison">): InForce {
  return holds(order) ? inForceAfter(before, { order, ...(poison === undefined ? {} : { poison }) }) : before;
}

function holds(order: Order): order is StandingOrder | Extract<Order, { kind: "pause" | "resume" }> {
  const others: readonly Order["kind"][] = ["start", "stop", "nextRound", "approve", "sendAway", "newRun", "switchStrategy"];
  return !others.includes(order.kind);
}
