import { timePageOpening } from "../pageOpen.ts";
import { type BenchRow, median, row } from "../rows.ts";
import { takeTurns } from "./ratios.ts";
import type { SpeedPlace } from "./speedAsked.ts";

/** From opening the page to the first training step, two tabs, the backend chosen by the page, without and with what the browser keeps. */
export async function benchPage({ now, before, isQuick, say, signal }: SpeedPlace): Promise<BenchRow[]> {
  const openings = await takeTurns(
    isQuick ? 1 : 3,
    [now, ...(before === null ? [] : [before])].map((root) => async (turn: number) => {
      signal.throwIfAborted();
      const opening = await timePageOpening(root);
      say(
        `page: turn ${turn + 1}, ${root === now ? "now" : "before"}: ${seconds(opening.uncachedMs)} s, then ${seconds(opening.cachedMs)} s`,
      );
      return opening;
    }),
  );
  const times = (side: number, of: "uncachedMs" | "cachedMs") => openings[side]?.map((opening) => opening[of]);
  return [
    openingRow("uncached", times(0, "uncachedMs") ?? [], times(1, "uncachedMs"), 3.5),
    openingRow("cached", times(0, "cachedMs") ?? [], times(1, "cachedMs"), 3),
  ];
}

const seconds = (ms: number) => (ms / 1000).toFixed(1);

function openingRow(name: string, now: readonly number[], before: readonly number[] | undefined, atMost: number): BenchRow {
  const found = row(`page open to the first training step, ${name}`, median(now) / 1000, "s", { atMost });
  const note = `two tabs, backend auto; median of ${now.length}`;
  return { ...found, note: before === undefined ? note : `${note}; before ${seconds(median(before))} s` };
}
