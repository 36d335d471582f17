import { attempt } from "../attempts.ts";
import { adapterEnvironment } from "../kernels.ts";
import { type BenchRow, missingRow, row } from "../rows.ts";
import { demoBatches } from "./demoPadding.ts";
import { type CountedBoth, countBoth, countedRows } from "./dispatches.ts";
import { besideBefore, besidePrefix, besidePrefixPerRow, type Contender, timeMethods } from "./methodSteps.ts";
import { makeRandomPublic } from "./randomPublic.ts";
import type { SpeedPlace } from "./speedAsked.ts";

const now = (method: Contender["method"]): Contender => ({ method, side: "now" });
const before = (method: Contender["method"]): Contender => ({ method, side: "before" });
const backends = ["wasm", "webgpu"] as const;
const turnsOf = (backend: "wasm" | "webgpu", isQuick: boolean) => (backend === "wasm" ? (isQuick ? 4 : 20) : isQuick ? 1 : 5);

/** LoRA, adapters, tensor trains and input prompts beside a prefix step, and what LoRA asks of the GPU. */
export async function benchMethods(place: SpeedPlace): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const textLengths = (await demoBatches()).map((batches) => batches.flat());
  for (const backend of backends) {
    const loraGoal = { atMost: backend === "wasm" ? 1.15 : 1.25 };
    const contenders = [
      now("prefix"),
      now("lora"),
      now("adapter"),
      now("tensorTrain"),
      now("inputPrompt"),
      before("prefix"),
      before("lora"),
    ];
    rows.push(
      ...(await attempt({ name: `step of lora / step of prefix, ${backend}`, unit: "×", goal: loraGoal }, async () => {
        const env = backend === "webgpu" ? await adapterEnvironment() : {};
        const times = await timeMethods(contenders, place, { backend, numTurns: turnsOf(backend, place.isQuick), env });
        return [
          besidePrefix("lora", backend, times, loraGoal),
          besidePrefix("adapter", backend, times, { atMost: 1.25 }),
          besidePrefix("tensorTrain", backend, times),
          besidePrefix("inputPrompt", backend, times),
          besidePrefixPerRow(backend, times, textLengths, { atMost: 1.25 }),
        ];
      })),
    );
  }
  rows.push(...(await countedOf("lora", place, 23)));
  return rows;
}

/** Full tuning: its steps before and now, and what it asks of the GPU. */
export async function benchFull(place: SpeedPlace): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const backend of backends) {
    const goal = { atLeast: backend === "wasm" ? 1.3 : 4 };
    rows.push(
      ...(await attempt({ name: `step of full, ${backend}, before / now`, unit: "×", goal }, async () => {
        const env = backend === "webgpu" ? await adapterEnvironment() : {};
        const times = await timeMethods([now("full"), before("full")], place, { backend, numTurns: turnsOf(backend, place.isQuick), env });
        return [besideBefore("full", backend, times, goal)];
      })),
    );
  }
  rows.push(...(await countedOf("full", place, 30, (counted) => [optimiserRow(counted)])));
  return rows;
}

/** Counts a method's dispatches on backbones of two and three random layers; `moreRows` says what else of the counts is a row. */
async function countedOf(
  method: "lora" | "full",
  place: SpeedPlace,
  mostPerLayer: number,
  moreRows: (counted: CountedBoth) => readonly BenchRow[] = () => [],
): Promise<readonly BenchRow[]> {
  const goal = { atMost: mostPerLayer };
  return attempt({ name: `dispatches per layer and step, ${method}`, unit: "", goal }, async () => {
    const env = await adapterEnvironment();
    const { publicDir, remove } = await makeRandomPublic({ two: { numLayers: 2 }, three: { numLayers: 3 } });
    try {
      const counted = await countBoth(method, place, { publicDir, env, signal: place.signal });
      return [...countedRows(method, counted, goal), ...moreRows(counted)];
    } finally {
      await remove();
    }
  });
}

function optimiserRow({ now, before }: CountedBoth): BenchRow {
  const [name, goal] = ["dispatches of the optimiser and the clip over all weights", { atMost: 3 }];
  if (now.optimiser === null) return missingRow(name, "", "its step could not be called", goal);
  const found = row(name, now.optimiser, "", goal);
  return before?.optimiser == null ? found : { ...found, note: `before ${before.optimiser}` };
}
