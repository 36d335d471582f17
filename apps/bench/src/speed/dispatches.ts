import { type BenchRow, type Goal, row } from "../rows.ts";
import { type MeasuredMethod, methodTunings } from "./methodSettings.ts";
import { smallest } from "./methodSteps.ts";
import type { SpeedPlace } from "./speedAsked.ts";
import { openSide } from "./stepSide.ts";

/** What a training step asks of the GPU. */
export interface MethodCounts {
  /** Dispatches that one more layer adds to a step. */
  readonly perLayer: number;
  /** Dispatches of the optimiser and the clip; null where this checkout has no such step to call. */
  readonly optimiser: number | null;
  /** Pipelines made by the second training on a device. */
  readonly pipelines: number;
}

/** Where the layers to count on are. */
export interface CountPlace {
  /** Holds the backbones `two` and `three`, of as many layers. */
  readonly publicDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Counts on the WebGPU backend of a checkout. */
export async function countMethod(root: string, method: MeasuredMethod, { publicDir, env, signal }: CountPlace): Promise<MethodCounts> {
  const count = async (backbone: string) => {
    const setup = { root, publicDir, backend: "webgpu", threads: 1, backbone, tuning: methodTunings[method], numDevices: 20 } as const;
    const side = await openSide(setup, { env, signal });
    try {
      const deviceId = smallest(side.numExamples);
      const once = await side.train(deviceId, 1);
      const twice = await side.train(deviceId, 2);
      // what a training does beside its steps is in both
      const perStep = (twice.dispatches - once.dispatches) / (twice.numSteps - once.numSteps);
      return { perStep, pipelines: twice.pipelines, optimiser: await side.optimiserDispatches().catch(() => null) };
    } finally {
      side.close();
    }
  };
  const [two, three] = [await count("two"), await count("three")];
  return { ...three, perLayer: three.perStep - two.perStep };
}

/** Dispatches of a method in both checkouts. */
export async function countBoth(method: MeasuredMethod, { now, before, say }: SpeedPlace, place: CountPlace) {
  say(`webgpu: counting the dispatches of ${method}`);
  return { now: await countMethod(now, method, place), before: before === null ? null : await countMethod(before, method, place) };
}

/** What was counted of a method in both checkouts. */
export type CountedBoth = Awaited<ReturnType<typeof countBoth>>;

/** Dispatches per layer, and pipelines after the first batch. */
export function countedRows(method: MeasuredMethod, { now, before }: CountedBoth, goal: Goal): BenchRow[] {
  const perLayer = row(`dispatches per layer and step, ${method}`, now.perLayer, "", goal);
  return [
    before === null ? perLayer : { ...perLayer, note: `before ${before.perLayer}` },
    row(`pipelines compiled after the first batches, ${method}`, now.pipelines, "", { atMost: 0 }),
  ];
}
