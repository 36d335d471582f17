import { expect, test } from "vitest";
import { type CalmLine, calmed, type WantedLine } from "./calm.ts";

const busy = (text: string): WantedLine => ({ text, isUrgent: false, isIdle: false });
const idle: WantedLine = { text: "waiting", isUrgent: false, isIdle: true };
const urgent = (text: string): WantedLine => ({ text, isUrgent: true, isIdle: false });

/** The lines that are shown as these are wanted at these times, with when each came; looks again when it is told to. */
function shownOf(wanted: readonly (readonly [number, WantedLine])[], untilMs: number): readonly (readonly [number, string])[] {
  const shown: [number, string][] = [];
  let line: CalmLine | null = null;
  let again: number | null = null;
  let last: WantedLine | null = null;
  const look = (nowMs: number, next: WantedLine): void => {
    const result = calmed(line, next, nowMs);
    if (line?.text !== result.line.text) shown.push([nowMs, result.line.text]);
    line = result.line;
    again = result.againAtMs;
  };
  for (const [at, next] of [...wanted, [untilMs, null] as const]) {
    while (last !== null && again !== null && again < at) look(again, last);
    if (next !== null) look(at, next);
    last = next;
  }
  return shown;
}

test("a tab that trains for a second and waits for half of one says that it trains, and nothing else", () => {
  const wanted = Array.from({ length: 40 }, (_, i) => [750 * i, i % 2 === 0 ? busy("training") : idle] as const);
  expect(shownOf(wanted, 30_000)).toEqual([[0, "training"]]);
});

test("a long wait is said after five seconds, and the end of it at once", () => {
  expect(
    shownOf(
      [
        [0, busy("training")],
        [7000, idle],
        [20_000, busy("training")],
      ],
      30_000,
    ),
  ).toEqual([
    [0, "training"],
    [12_000, "waiting"],
    [20_000, "training"],
  ]);
});

test("lines about work follow each other no faster than every five seconds, and the last one is shown", () => {
  const kinds = ["scoring", "training", "probing", "testing", "training"];
  expect(
    shownOf(
      kinds.map((text, i) => [1000 * i, busy(text)]),
      30_000,
    ),
  ).toEqual([
    [0, "scoring"],
    [5000, "training"],
  ]);
});

test("what is urgent is said at once, and once", () => {
  expect(
    shownOf(
      [
        [0, busy("training")],
        [100, urgent("paused")],
        [150, urgent("paused")],
        [300, urgent("the run is finished")],
      ],
      1000,
    ),
  ).toEqual([
    [0, "training"],
    [100, "paused"],
    [300, "the run is finished"],
  ]);
});
