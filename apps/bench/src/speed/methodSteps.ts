import { type BenchRow, type Goal, median, row } from "../rows.ts";
import { openDemoSide, stepCost } from "./demoSteps.ts";
import { type MeasuredMethod, methodTunings } from "./methodSettings.ts";
import { ratioInTurns, takeTurns } from "./ratios.ts";
import type { SpeedPlace } from "./speedAsked.ts";
import type { StepSide } from "./stepSide.ts";

/** Which checkout trains what. */
export interface Contender {
  readonly method: MeasuredMethod;
  readonly side: "now" | "before";
}

/** What a step of each contender took, by turn. */
export interface StepTimes {
  /** Milliseconds; undefined where that contender was not there. */
  of(contender: Contender): readonly number[] | undefined;
  /** The device that each turn trained. */
  readonly devices: readonly number[];
}

/** How steps are taken. */
export interface StepTurns {
  readonly backend: "wasm" | "webgpu";
  readonly numTurns: number;
  /** Where Dawn finds its adapter. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Training steps of minuet on the demo's data, all contenders in turns: on WASM one thread's processor time, each turn another device; on WebGPU the wall
 * clock, on the device with the fewest examples.
 */
export async function timeMethods(
  contenders: readonly Contender[],
  { now, before, say, signal }: SpeedPlace,
  { backend, numTurns, env }: StepTurns,
): Promise<StepTimes> {
  const present = contenders.filter(({ side }) => side === "now" || before !== null);
  const sides: StepSide[] = [];
  try {
    for (const { method, side } of present) {
      say(`${backend}: opening ${method}, ${side}`);
      const root = side === "now" ? now : (before ?? now);
      sides.push(await openDemoSide(root, { tuning: methodTunings[method], backend, env, signal }));
    }
    const deviceOf = (turn: number) => (backend === "wasm" ? turn % numExamplesOf(sides).length : smallest(numExamplesOf(sides)));
    const costOf = backend === "wasm" ? stepCost : ({ ms, numSteps }: { ms: number; numSteps: number }) => ms / numSteps;
    for (const side of sides) await side.train(deviceOf(0), 1); // warm
    const times = await takeTurns(
      numTurns,
      sides.map((side, i) => async (turn: number) => {
        if (i === 0) say(`${backend}: turn ${turn + 1} of ${numTurns} of ${sides.length} contenders`);
        return costOf(await side.train(deviceOf(turn), 1));
      }),
    );
    const devices = Array.from({ length: numTurns }, (_, turn) => deviceOf(turn));
    return { devices, of: ({ method, side }) => times[present.findIndex((one) => one.method === method && one.side === side)] };
  } finally {
    for (const side of sides) side.close();
  }
}

const numExamplesOf = ([first]: readonly StepSide[]): readonly number[] => first?.numExamples ?? [];

/** The device with the fewest examples, but a whole batch of 8. */
export function smallest(numExamples: readonly number[]): number {
  const enough = numExamples.map((count, id) => ({ count, id })).filter(({ count }) => count >= 8);
  return enough.reduce((best, one) => (one.count < best.count ? one : best), enough[0] ?? { count: 0, id: 0 }).id;
}

/** What a method's step takes beside a prefix step of the same checkout. */
export function besidePrefix(method: MeasuredMethod, backend: string, times: StepTimes, goal?: Goal): BenchRow {
  const [own, prefix] = [times.of({ method, side: "now" }) ?? [], times.of({ method: "prefix", side: "now" }) ?? []];
  const [ownBefore, prefixBefore] = [times.of({ method, side: "before" }), times.of({ method: "prefix", side: "before" })];
  const note = `${median(own).toPrecision(3)} and ${median(prefix).toPrecision(3)} ms; median of ${own.length} turns`;
  const earlier =
    ownBefore === undefined || prefixBefore === undefined ? "" : `; before ${ratioInTurns(ownBefore, prefixBefore).toPrecision(3)} ×`;
  return { ...row(`step of ${method} / step of prefix, ${backend}`, ratioInTurns(own, prefix), "×", goal), note: `${note}${earlier}` };
}

/**
 * The same for an input prompt, per row that the layers compute: its tokens are rows of every text, where a prefix is read by attention alone.
 * `textLengths` are the tokens of a device's texts.
 */
export function besidePrefixPerRow(backend: string, times: StepTimes, textLengths: readonly (readonly number[])[], goal: Goal): BenchRow {
  const { promptTokens } = methodTunings.inputPrompt;
  const moreRows = times.devices.map((device) => rowsBeside(textLengths[device] ?? [], promptTokens));
  const own = (times.of({ method: "inputPrompt", side: "now" }) ?? []).map((ms, turn) => ms / (moreRows[turn] ?? Number.NaN));
  const ratio = ratioInTurns(own, times.of({ method: "prefix", side: "now" }) ?? []);
  const note = `its ${promptTokens} tokens make ${median(moreRows).toPrecision(3)} × the rows`;
  return { ...row(`step of inputPrompt / step of prefix, for each row, ${backend}`, ratio, "×", goal), note };
}

/** The rows of texts with `numInFront` tokens in front of each, divided by their rows without. */
export function rowsBeside(lengths: readonly number[], numInFront: number): number {
  return 1 + (numInFront * lengths.length) / lengths.reduce((sum, length) => sum + length, 0);
}

/** How many times faster a method's step is than the older checkout's; its time where there is none. */
export function besideBefore(method: MeasuredMethod, backend: string, times: StepTimes, goal: Goal): BenchRow {
  const [now, before] = [times.of({ method, side: "now" }) ?? [], times.of({ method, side: "before" })];
  const turns = `median of ${now.length} turns`;
  if (before === undefined) return { ...row(`step of ${method}, ${backend}`, median(now), "ms"), note: turns };
  const note = `${median(before).toPrecision(3)} and ${median(now).toPrecision(3)} ms; ${turns}`;
  return { ...row(`step of ${method}, ${backend}, before / now`, ratioInTurns(before, now), "×", goal), note };
}
