import { presets, type RunSettings } from "@tutti/core";
import type { CoordinatorEvent } from "@tutti/server";
import { type BenchRow, median, row } from "../rows.ts";
import { cpuMsSince, type Loaded, withLoad } from "./loadChild.ts";

const sizes = [100, 300, 1000] as const;

/** All devices train in every round, each on its own client, and all 6 layers travel. */
function roundsOf(numDevices: number): RunSettings {
  return {
    ...presets.default,
    numDevices,
    minDevices: numDevices,
    cohortSize: numDevices,
    numRounds: 5,
    evaluateEvery: 5,
    deadlineMs: null,
    strategy: { name: "fedAvg", fineTuneEpochs: 0 },
  };
}

/** What a round costs the coordinator, from its plan to the next one, with up to a thousand devices. */
export async function benchRounds(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const costs: number[] = [];
  for (const numDevices of sizes) {
    const cpuMs = await withLoad(roundsOf(numDevices), { hosting: "virtual" }, (loaded) => measure(loaded, numDevices));
    costs.push(cpuMs / numDevices);
    rows.push(row(`CPU of a round of ${numDevices} devices, for each`, cpuMs / numDevices, "ms", { atMost: 6 }));
  }
  const ratio = (costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN);
  return [...rows, row("CPU of a device's part, round of 1000 devices over one of 100", ratio, "×", { atMost: 1.5 })];
}

/** The middle of the rounds but the first, in which nothing is compiled yet; that begins before everybody is there. */
async function measure({ coordinator, joinUpTo }: Loaded, numDevices: number): Promise<number> {
  const costs: number[] = [];
  let start = process.cpuUsage();
  const onEvent = (event: CoordinatorEvent): void => {
    if (event.kind !== "planned" || event.plan.stage !== "train" || event.plan.step !== 1) return;
    if (event.plan.round > 2) costs.push(cpuMsSince(start));
    start = process.cpuUsage();
  };
  coordinator.subscribe(onEvent);
  await joinUpTo(numDevices);
  await coordinator.whenDone();
  return median(costs);
}
