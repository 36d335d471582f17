import { expect, test } from "vitest";
import { manualClock } from "../testing/manualClock.ts";
import { createOccupancy } from "./occupancy.ts";

test("seconds count with what was so before each change, and not while nothing can be planned", () => {
  const clock = manualClock();
  let seen = { present: 4, holding: 0, tasks: 6, open: 6 };
  const occupancy = createOccupancy(clock, () => seen);
  const change = (afterMs: number, next: typeof seen) => {
    clock.advance(afterMs);
    seen = next;
    occupancy.changed();
  };
  change(9000, { present: 4, holding: 3, tasks: 6, open: 6 });
  change(2000, { present: 4, holding: 2, tasks: 6, open: 3 }); // 2 s with 3 of 4 clients at work
  change(1000, { present: 4, holding: 0, tasks: 6, open: 0 }); // 1 s with 2 at work and 3 tasks not done
  clock.advance(500); // between two steps
  expect(occupancy.take()).toEqual({ holding: 8, open: 11, possible: 14, present: 14 });
  occupancy.pause();
  clock.advance(60_000);
  change(0, { present: 4, holding: 1, tasks: 2, open: 2 });
  clock.advance(3000);
  expect(occupancy.take()).toEqual({ holding: 3, open: 6, possible: 6, present: 12 });
});
