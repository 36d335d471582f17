import { expect, test } from "vitest";
import { createNews } from "./news.ts";
import { manualClock } from "./testing/manualClock.ts";

/** How often each is told while something changes every 10 ms for 10 s: at once, and then at its pace. */
function told(change: "progress" | "detail", numWatchers: number) {
  const clock = manualClock();
  const counts = { listeners: 0, spectators: 0, members: 0, watchers: 0 };
  const news = createNews(clock);
  news.start({
    tellListeners: () => void counts.listeners++,
    tellSpectators: () => void counts.spectators++,
    tellMembers: () => void counts.members++,
    tellWatchers: () => void counts.watchers++,
    numSpectators: () => 0,
    numMembers: () => 0,
    numWatchers: () => numWatchers,
  });
  for (let at = 0; at < 10_000; at += 10) {
    news.changed(change);
    clock.advance(10);
  }
  news.stop();
  return counts;
}

test("P-170: readers of the feed are told 4 times a second at most, and all of them together 200 statuses a second", () => {
  expect(told("detail", 1).watchers).toBe(41);
  expect(told("detail", 50).watchers).toBe(41);
  expect(told("detail", 1000).watchers).toBe(3); // at once, and every 5 s
});

test("how far tasks are is told to readers of the feed alone, who see it as often", () => {
  expect(told("progress", 1)).toEqual({ listeners: 0, spectators: 0, members: 0, watchers: 41 });
});
