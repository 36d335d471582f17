import { expect, test } from "vitest";
import { type OfferChannel, offerExample, takeOffers } from "./offeredExamples.ts";

/** Two ends of a channel, each of which hears the other. */
function channels(): [OfferChannel, OfferChannel] {
  const listeners: ((event: { data: unknown }) => void)[][] = [[], []];
  const end = (own: number): OfferChannel => ({
    postMessage: (data) =>
      queueMicrotask(() => {
        for (const listener of listeners[1 - own] ?? []) listener({ data: structuredClone(data) });
      }),
    addEventListener: (_, listener) => listeners[own]?.push(listener),
    close: () => undefined,
  });
  return [end(0), end(1)];
}

const soon = ((act: () => void) => setTimeout(act, 20)) as typeof setTimeout;

test("a corrected sentence reaches the tab that takes part, which says that it took it", async () => {
  const [page, tab] = channels();
  const taken: unknown[] = [];
  takeOffers(tab, 2, (example) => {
    taken.push(example);
    return "taken";
  });
  expect(await offerExample(page, { text: " It rains again ", label: 1 }, soon)).toBe("taken");
  expect(taken).toEqual([{ text: "It rains again", label: 1 }]);
});

test("a tab that trains a share says so, and where no tab is open nobody answers", async () => {
  const [page, tab] = channels();
  expect(await offerExample(page, { text: "a", label: 0 }, soon)).toBe("nobody");
  takeOffers(tab, 2, () => "share");
  expect(await offerExample(page, { text: "a", label: 0 }, soon)).toBe("share");
});

test("what is no example of this run changes nothing", async () => {
  const [page, tab] = channels();
  takeOffers(tab, 2, () => {
    throw new Error("nothing is taken");
  });
  for (const example of [
    { text: "  ", label: 0 },
    { text: "a", label: 2 },
    { text: "a", label: -1 },
    { text: "a", label: 0.5 },
    { text: "x".repeat(5001), label: 0 },
  ])
    expect(await offerExample(page, example, soon)).toBe("nobody");
  page.postMessage({ kind: "offer" });
  page.postMessage(null);
});
