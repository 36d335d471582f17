import type { LiveOrder } from "@tutti/protocol";
import { words } from "../words/words.ts";

/** What the operator changed, at the round from which it holds. */
export interface EventMark {
  readonly number: number;
  /** Of the train stage; orders of earlier stages stand at its beginning. */
  readonly round: number;
  readonly text: string;
}

/** Marks for plots by round of the train stage; an order that holds from no step yet has none. */
export function marksOf(orders: readonly LiveOrder[]): readonly EventMark[] {
  return orders.flatMap((event) => {
    if (event.from === null) return [];
    const { stage, round } = event.from;
    return [{ number: event.number, round: stage === "train" ? round : 1, text: textOf(event) }];
  });
}

function textOf({ order, poison }: LiveOrder): string {
  const { marks } = words.stagePlots;
  switch (order.kind) {
    case "sampleFraction":
      return marks.sampleFraction(order.fraction);
    case "deadline":
      return marks.deadline(order.deadlineMs === null ? null : order.deadlineMs / 1000);
    case "drop":
      return marks.drop(order.fraction);
    case "poison":
      return marks.poison(poison?.deviceIds.length ?? order.numDevices);
    case "takeBack":
      return marks.takeBack(marks.takenBack[order.what]);
    case "switchStrategy":
      return marks.switchStrategy(order.name);
    default:
      return marks[order.kind];
  }
}
