import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import {
  type AggregationSettings,
  type Contribution,
  createRandom,
  createStrategy,
  fewestUpdates,
  type Params,
  presets,
  type RandomStream,
  type RoundPlan,
  type RunSettings,
  type Strategy,
  type StrategyState,
  sizeOf,
  strategies,
  type TunedShape,
  zeros,
} from "@tutti/core";
import { createAggregator } from "@tutti/server";
import { type BenchRow, row } from "../rows.ts";
import type { TorturePlace } from "./part.ts";

/** Values of an update: 6 layers of 2 × 32 × 128. */
const layerShape = [2, 32, 128];
const shape: TunedShape = { numLayers: 6, layerNames: [0, 1, 2, 3, 4, 5].map((layer) => [`prefix/${layer}`]), alwaysShared: [] };
const initial: Params = Object.fromEntries(shape.layerNames.flat().map((name) => [name, zeros(layerShape)]));

const manyDevices = 1000;
/** Enough for blocks of four vectors that do not come out even. */
const fewDevices = 37;
const mostDelayMs = 250;

/** f is a fifth of the devices. */
const rulesFor = (numDevices: number): readonly AggregationSettings[] => [
  { name: "mean" },
  { name: "normClipping", maxNorm: 1 },
  { name: "adaptiveClipping", quantile: 0.5 },
  { name: "coordinateMedian" },
  { name: "trimmedMean", numByzantine: Math.floor(numDevices / 5) },
  { name: "multiKrum", numByzantine: Math.floor(numDevices / 5) },
  { name: "geometricMedian" },
  { name: "centredClipping", radius: 1, numSteps: 3 },
];

/** Strategies that keep something of each device, so that a step has two and three times as much to hand over. */
const remembering: readonly RunSettings["strategy"][] = [
  { ...strategies.fedPepTao.defaults, selector: "all", countingRounds: 0, keepFraction: 1 },
  strategies.scaffold.defaults,
];

/** Rules of aggregation: how long the coordinator's sockets wait while a thousand updates are aggregated, and whether a thread gives other bits. */
export async function tortureRules(place: TorturePlace): Promise<readonly BenchRow[]> {
  const { signal, say } = place;
  const rows: BenchRow[] = [];
  let numOther = 0;
  for (const [i, aggregation] of rulesFor(fewDevices).entries()) {
    if (signal.aborted) return rows;
    const strategy = [...remembering, strategies.fedAvg.defaults][i % 3] ?? strategies.fedAvg.defaults;
    const step = stepOf(runOf(strategy, aggregation, fewDevices), place.seed);
    numOther += Number(!(await hasSameBits(step, place)));
  }
  rows.push(row("rules whose step in a thread has other bits", numOther, "", { atMost: 0 }));
  const cases = [
    ...rulesFor(manyDevices).map((aggregation) => [strategies.fedAvg.defaults, aggregation] as const),
    ...remembering.map((strategy) => [strategy, { name: "coordinateMedian" }] as const),
  ];
  for (const [strategy, aggregation] of cases) {
    if (signal.aborted) return rows;
    const { delayMs, idleMs, seconds } = await longestDelay(runOf(strategy, aggregation, manyDevices), place);
    const name = `longest event-loop delay, ${strategy.name} with ${aggregation.name}, ${manyDevices} × 49,152 values`;
    rows.push({
      ...row(name, delayMs, "ms", { atMost: mostDelayMs }),
      note: `${idleMs.toFixed(0)} ms in two seconds without it; the step took ${seconds.toFixed(1)} s`,
    });
    say(`${name}: ${delayMs.toFixed(0)} ms`);
  }
  return rows;
}

function runOf(strategy: RunSettings["strategy"], aggregation: AggregationSettings, numDevices: number): RunSettings {
  const base = presets.default;
  const training = { ...base.training, optimizer: "sgd" } as const; // as SCAFFOLD needs it, and no other step's time hangs on it
  const sizes = { numDevices, minDevices: numDevices, cohortSize: numDevices, quorum: 1 };
  return { ...base, ...sizes, training, strategy, aggregation, contributionEncoding: "f32", paramsEncoding: "f32" };
}

interface Step {
  readonly run: RunSettings;
  readonly strategy: Strategy;
  readonly state: StrategyState;
  readonly plan: RoundPlan;
  readonly contributions: readonly Contribution[];
}

/** The second round's train step: strategies that remember devices have something of each. The first is a mean, which is quick. */
function stepOf(run: RunSettings, seed: number): Step {
  const strategy = createStrategy(run);
  const { aggregation: _, ...plain } = run;
  const first = sentFor(plain, strategy.init(plain, shape, initial), seed);
  const { tensors, values } = strategy.aggregate(first.state, first.plan, first.contributions);
  return sentFor(run, { tensors, values: { ...values, run: JSON.parse(JSON.stringify(run)) } }, seed + 1);
}

/** A train step in which all devices have sent small numbers. */
function sentFor(run: RunSettings, state: StrategyState, seed: number): Step {
  const strategy = createStrategy(run);
  const roster = Array.from({ length: fewestUpdates(run) }, (_, id) => ({ id, numExamples: 1 + (id % 7), isConnected: true }));
  const plan = strategy.plan(state, roster, createRandom(run.seed), 1);
  if (!("tasks" in plan)) throw new Error("a train step is planned");
  const stream = createRandom(seed).stream({ purpose: "updates" });
  const table = Float32Array.from({ length: 65_521 }, () => 0.01 * stream.normal());
  const contributions = plan.tasks.map(({ deviceId, expects }): Contribution => {
    const delta = Object.fromEntries(Object.entries(expects.shapes).map(([name, extents]) => [name, drawn(extents, table, stream)]));
    return { deviceId, numExamples: expects.numExamples, body: { kind: "train", delta, numSteps: 4, firstLoss: 1, lastLoss: 1 } };
  });
  return { run, strategy, state, plan, contributions };
}

/** Values from a table of normal ones, each tensor from another place on. */
function drawn(extents: readonly number[], table: Float32Array, stream: RandomStream): Params[string] {
  const start = stream.integer(table.length);
  return { shape: extents, data: Float32Array.from({ length: sizeOf(extents) }, (_, i) => table[(start + i) % table.length] ?? 0) };
}

async function hasSameBits({ run, strategy, state, plan, contributions }: Step, { signal }: TorturePlace): Promise<boolean> {
  const here = strategy.aggregate(state, plan, contributions);
  const there = await createAggregator({ run, strategy, threadFrom: 0, signal })(state, plan, contributions);
  const names = Object.keys(here.tensors);
  const isSame = (name: string) => {
    const [a, b] = [here, there].map(({ tensors }) => tensors[name]?.data ?? new Float32Array(0));
    return a !== undefined && b !== undefined && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  };
  return names.join() === Object.keys(there.tensors).join() && names.every(isSame);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Of the coordinator's aggregator as a run has it, from the moment that the contributions are in, and of doing nothing just before. */
async function longestDelay(
  run: RunSettings,
  { seed, signal }: TorturePlace,
): Promise<{ delayMs: number; idleMs: number; seconds: number }> {
  const { strategy, state, plan, contributions } = stepOf(run, seed);
  const aggregate = createAggregator({ run, strategy, signal });
  await setTimeout(500); // what making the updates left behind is not measured
  const idleMs = await delayDuring(() => setTimeout(2000));
  const start = performance.now();
  const delayMs = await delayDuring(async () => {
    await aggregate(state, plan, contributions);
  });
  return { delayMs, idleMs, seconds: (performance.now() - start) / 1000 };
}

/** The longest time that the event loop stood still, in milliseconds. */
async function delayDuring(act: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  await setTimeout(50);
  await act();
  await setTimeout(50);
  delays.disable();
  return delays.max / 1e6;
}
