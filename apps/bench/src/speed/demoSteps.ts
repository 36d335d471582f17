import { join } from "node:path";
import { presets, type RunSettings } from "@tutti/core";
import { stepOperations } from "@tutti/model/bench";
import { loadBackboneFolder } from "@tutti/model/node";
import { projectFolder } from "@tutti/server/checkout";
import { type BenchRow, median, row } from "../rows.ts";
import { demoBatches, paddingOfDemo } from "./demoPadding.ts";
import { partShares } from "./kernelShares.ts";
import { ratioInTurns, takeTurns } from "./ratios.ts";
import type { SpeedPlace } from "./speedAsked.ts";
import type { KernelTimes, StepSetup, TrainedOnce } from "./stepMessages.ts";
import { openSide, type StepSide } from "./stepSide.ts";

/** What one step took of the processor. */
export const stepCost = ({ processorMs, numSteps }: TrainedOnce): number => processorMs / numSteps;

/** What a demo's trainer computes with. */
export interface DemoSide {
  readonly tuning: RunSettings["tuning"];
  readonly backend: StepSetup["backend"];
  /** Where Dawn finds its adapter. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Opens minuet with the demo's data and all its devices in a checkout; WASM has one thread. */
export function openDemoSide(root: string, { tuning, backend, env = {}, signal }: DemoSide): Promise<StepSide> {
  const { numDevices, backbone } = presets.demo;
  return openSide({ root, publicDir: join(root, "public"), backend, threads: 1, backbone, tuning, numDevices }, { env, signal });
}

/** A training step of the demo on single-threaded WASM, older and present checkout in turns over all devices. */
export async function benchDemoSteps({ now, before, isQuick, say, signal }: SpeedPlace): Promise<BenchRow[]> {
  const { tuning, numDevices } = presets.demo;
  const roots = [now, ...(before === null ? [] : [before])];
  const sides: StepSide[] = [];
  try {
    for (const root of roots) sides.push(await openDemoSide(root, { tuning, backend: "wasm", signal }));
    for (const side of sides) await side.train(0, 1); // warm
    const numTurns = isQuick ? 4 : numDevices;
    const taken = await takeTurns(
      numTurns,
      sides.map((side, i) => async (turn: number) => {
        const trained = await side.train(turn % numDevices, 2);
        if (i === 0 && turn % 5 === 0) say(`step: turn ${turn + 1} of ${numTurns}, ${stepCost(trained).toFixed(1)} ms a step`);
        return trained;
      }),
    );
    const costs = taken.map((list) => list.map(stepCost));
    const profiles: KernelTimes[] = [];
    for (let deviceId = 0; deviceId < numTurns; deviceId++) profiles.push(await (sides[0] as StepSide).kernelTimes(deviceId));
    const peaks: number[] = [];
    for (const side of sides) peaks.push(await side.peakBytes(0));
    return [...stepRows(costs), await sharesRow(profiles), ...(await memoryRows(peaks))];
  } finally {
    for (const side of sides) side.close();
  }
}

const goal = { atMost: 0.68 };

function stepRows([now = [], before]: readonly (readonly number[])[]): BenchRow[] {
  const ms = row("training step of the demo, WASM, one thread", median(now), "ms");
  if (before === undefined) return [{ ...ms, note: `processor time; median of ${now.length} devices` }];
  const ratio = row("training step of the demo, WASM, now / before", ratioInTurns(now, before), "×", goal);
  return [
    {
      ...ratio,
      note: `${median(now).toPrecision(3)} and ${median(before).toPrecision(3)} ms of processor time; median of ${now.length} devices in turns`,
    },
  ];
}

/** What a step consists of; `profiles` are of the first devices, one epoch each. */
async function sharesRow(profiles: readonly KernelTimes[]): Promise<BenchRow> {
  const { products, ...others } = partShares(profiles);
  const totalMs = profiles.reduce((sum, profile) => sum + profile.totalMs, 0);
  const numTokens = (await demoBatches())
    .slice(0, profiles.length)
    .flat(2)
    .reduce((sum, length) => sum + length, 0);
  const operations = stepOperations(await loadBackboneFolder(join(projectFolder, "public/backbones/minuet")), numTokens);
  const rate = `at ${(operations / (1e6 * products * totalMs)).toPrecision(3)} GFLOP/s`;
  const shares = Object.entries(others).map(([part, share]) => `${part} ${(100 * share).toFixed(1)} %`);
  return { ...row("products' share of a training step of the demo, WASM", 100 * products, "%"), note: [rate, ...shares].join(", ") };
}

async function memoryRows([now = Number.NaN, before]: readonly number[]): Promise<BenchRow[]> {
  const padding = row("rows of the demo's batches that are padding, before", 100 * (await paddingOfDemo()), "%");
  const peak = row("peak of the tensors in a training step of the demo", now / 1e6, "MB");
  return [
    { ...padding, note: "of batches padded to their longest text, rounded up to a multiple of 8; now there is none" },
    before === undefined ? peak : { ...peak, note: `before ${(before / 1e6).toPrecision(4)} MB` },
  ];
}
