import type { OrderEvent } from "@tutti/protocol";
import { words } from "../../words/words.ts";

/** An order in a few words. */
export function orderText({ order, poison }: Pick<OrderEvent, "order" | "poison">): string {
  const { orders, settings, strategies } = words.operator;
  switch (order.kind) {
    case "sampleFraction":
      return orders.sampleFraction(words.formats.share(order.fraction));
    case "deadline":
      return orders.deadline(order.deadlineMs === null ? null : words.formats.seconds(order.deadlineMs / 1000));
    case "drop":
      return orders.drop(words.formats.share(order.fraction));
    case "poison":
      return orders.poison(poison === undefined ? String(order.numDevices) : words.inForce.devices(poison.deviceIds));
    case "takeBack":
      return orders.takeBack(settings[order.what]);
    case "switchStrategy": {
      const { name } = order.strategy;
      return orders.switchStrategy(Object.hasOwn(strategies, name) ? strategies[name as keyof typeof strategies] : name);
    }
    default:
      return orders[order.kind];
  }
}

/** From when an order holds. */
export function heldText({ order, from, nextRunId }: OrderEvent): string {
  const { operator, stageNames } = words;
  if (nextRunId !== undefined) return operator.followedBy(nextRunId);
  if (from === null) return operator.heldNext;
  const say = order.kind === "nextRound" ? operator.heldOnStep : operator.heldFrom;
  return say(stageNames[from.stage], from.round, from.step);
}
