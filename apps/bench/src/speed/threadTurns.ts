import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type BenchRow, median, missingRow, row } from "../rows.ts";
import { makeRandomPublic } from "./randomPublic.ts";
import { ratioInTurns, takeTurns } from "./ratios.ts";
import type { SpeedPlace } from "./speedAsked.ts";
import { timeLoneTab } from "./tabSteps.ts";

const shapes = [
  { name: "minuet", backbone: "minuet", goal: { atLeast: 1.6 }, numWarm: 120, numSteps: 100 },
  { name: "one layer of 768", backbone: "wide", goal: { atLeast: 1.8 }, numWarm: 30, numSteps: 30 },
] as const;

/** How much faster a lone tab trains with two threads of WebAssembly than with one. */
export async function benchThreads(place: SpeedPlace): Promise<BenchRow[]> {
  const labelOf = (name: string) => `training step of ${name} in a lone tab, WASM, one thread / two`;
  if (availableParallelism() < 2) return shapes.map(({ name, goal }) => missingRow(labelOf(name), "×", "this machine has one core", goal));
  const { publicDir, remove } = await makeRandomPublic({ wide: { numLayers: 1, width: 768 } });
  const rows: BenchRow[] = [];
  try {
    for (const { name, backbone, goal, numWarm, numSteps } of shapes) {
      const own = join(place.now, "public");
      const tab = { backbone, publicDir: backbone === "wide" ? publicDir : own, numWarm, numSteps };
      rows.push(threadRow(labelOf(name), await inTurns(place, tab), goal));
    }
    return rows;
  } finally {
    await remove();
  }
}

interface TimedTab {
  readonly backbone: string;
  readonly publicDir: string;
  readonly numWarm: number;
  readonly numSteps: number;
}

/** Milliseconds per step with one thread and with two, and the same of the older checkout where there is one. */
async function inTurns({ now, before, isQuick, say, signal }: SpeedPlace, tab: TimedTab): Promise<number[][]> {
  const contenders = [now, ...(before === null ? [] : [before])].flatMap((root) => [1, 2].map((threads) => ({ root, threads })));
  return takeTurns(
    isQuick ? 1 : 5,
    contenders.map(({ root, threads }) => async (turn: number) => {
      const ms = await timeLoneTab({ root, threads, ...tab, signal });
      say(`threads: ${tab.backbone}, turn ${turn + 1}, ${root === now ? "now" : "before"}, ${threads}: ${ms.toFixed(1)} ms a step`);
      return ms;
    }),
  );
}

function threadRow(
  label: string,
  [one = [], two = [], oneBefore, twoBefore]: readonly (readonly number[])[],
  goal: { readonly atLeast: number },
): BenchRow {
  const times = `${median(one).toPrecision(3)} and ${median(two).toPrecision(3)} ms, Chromium; median of ${one.length} turns`;
  const earlier =
    oneBefore === undefined || twoBefore === undefined ? "" : `; before ${ratioInTurns(oneBefore, twoBefore).toPrecision(3)} ×`;
  return { ...row(label, ratioInTurns(one, two), "×", goal), note: `${times}${earlier}` };
}
