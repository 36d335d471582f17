import { numValues } from "@tutti/core";
import {
  type DeviceTile,
  type Live,
  type LiveChange,
  type LiveOrder,
  type LiveStatus,
  limits,
  liveLimits,
  type OrderEvent,
  type Status,
} from "@tutti/protocol";
import type { StepRecord } from "@tutti/record";
import type { TunedParameters } from "../tuned.ts";
import { createLiveRounds, type LiveRounds, type RoundSources } from "./liveRounds.ts";

/** Where a feed's contents come from. */
export interface FeedSources extends Pick<RoundSources, "schedule"> {
  readonly tuned: TunedParameters;
  status(): Status;
  tiles(): readonly DeviceTile[];
  records(): readonly StepRecord[];
  orders(): readonly OrderEvent[];
}

/** What the stage is told: the whole, and what has changed since a change was asked for last (P-170). */
export interface Feed {
  whole(): Live;
  /** Null where nothing has. */
  change(): LiveChange | null;
}

/** A feed of a run. One that has come in the middle may be given the whole and all later changes: they replace, and add up to nothing. */
export function createFeed(sources: FeedSources): Feed {
  const { schedule, tuned } = sources;
  const sizes = sizesOf(tuned);
  const rounds = createLiveRounds({ schedule, allLayersBytes: 4 * numValues(tuned.initial) });
  const told = { status: "", tiles: new Map<number, string>(), orders: new Map<number, OrderEvent>() };
  let untold: Map<string, Live["rounds"][number]> = new Map();

  /** Rounds that changed while a whole was made are told with the next change as well. */
  function update(): LiveRounds {
    for (const round of rounds.update(sources.records())) untold.set(`${round.stage}/${round.round}`, round);
    return rounds;
  }

  return {
    whole: () => ({
      status: liveStatus(sources.status()),
      sizes,
      devices: sources.tiles(),
      rounds: update().all(),
      orders: shownOrders(sources).flatMap(liveOrder),
    }),
    change() {
      update();
      const status = liveStatus(sources.status());
      const { changed, gone } = changedTiles(told.tiles, sources.tiles());
      const text = JSON.stringify(status);
      const orders = shownOrders(sources).filter((event) => told.orders.get(event.number) !== event);
      for (const event of orders) told.orders.set(event.number, event);
      const change: LiveChange = {
        ...(text === told.status ? {} : { status }),
        ...(changed.length === 0 ? {} : { devices: changed }),
        ...(gone.length === 0 ? {} : { gone }),
        ...(untold.size === 0 ? {} : { rounds: [...untold.values()] }),
        ...(orders.length === 0 ? {} : { orders: orders.flatMap(liveOrder) }),
      };
      told.status = text;
      untold = new Map();
      return Object.keys(change).length === 0 ? null : change;
    },
  };
}

/** Orders that everybody may know of; who was let in or sent away is the operator's business. */
function shownOrders({ orders }: Pick<FeedSources, "orders">): readonly OrderEvent[] {
  return orders()
    .filter(({ order: { kind } }) => kind !== "approve" && kind !== "sendAway")
    .slice(-liveLimits.maxOrders);
}

function liveOrder({ order, ...event }: OrderEvent): LiveOrder[] {
  switch (order.kind) {
    case "approve":
    case "sendAway":
      return [];
    case "newRun":
      return [{ ...event, order: { kind: order.kind } }];
    case "switchStrategy":
      return [{ ...event, order: { kind: order.kind, name: order.strategy.name.slice(0, limits.maxName) } }];
    default:
      return [{ ...event, order }];
  }
}

function liveStatus({ history: _, historyStart: __, probes: ___, plans: ____, leftOut: _____, ...status }: Status): LiveStatus {
  return status;
}

/** Tiles that differ from those told before, which are noted as told. */
function changedTiles(told: Map<number, string>, tiles: readonly DeviceTile[]) {
  const here = new Set(tiles.map(({ deviceId }) => deviceId));
  const gone = [...told.keys()].filter((deviceId) => !here.has(deviceId));
  for (const deviceId of gone) told.delete(deviceId);
  const changed = tiles.filter((tile) => {
    const text = JSON.stringify(tile);
    if (told.get(tile.deviceId) === text) return false;
    told.set(tile.deviceId, text);
    return true;
  });
  return { changed, gone };
}

function sizesOf({ initial, shape }: TunedParameters): Live["sizes"] {
  const sizeOf = (names: readonly string[]) => names.reduce((sum, name) => sum + (initial[name]?.data.length ?? 0), 0);
  const layers = shape.layerNames.map(sizeOf);
  return { layers, others: numValues(initial) - layers.reduce((sum, size) => sum + size, 0) };
}
