import { loraPairs } from "../../tunings/loraFactors.ts";
import { roundTime } from "../fedPipe/costs.ts";
import { bytesPerValue, shareOfPasses } from "../plannedSeconds.ts";
import { under } from "../tensors.ts";
import type { Bounds } from "./growth.ts";
import type { Size } from "./size.ts";
import type { FedAdapterState } from "./state.ts";

/** What there is to grow into. */
export function boundsOf({ values, tensors }: FedAdapterState): Bounds {
  const ranks = loraPairs(values.shape).map(({ a }) => tensors[`W/${a}`].shape[0]);
  return { numLayers: Math.max(1, values.shape.numLayers), rank: Math.max(1, ...ranks) };
}

/** The rank of every matrix at a size: 0 in the layers below. */
export function ranksAt({ values }: FedAdapterState, { depth, width }: Size): number[] {
  const { layerNames, numLayers } = values.shape;
  return loraPairs(values.shape).map(({ b }) => {
    const layer = layerNames.findIndex((names) => names.includes(b));
    return layer >= numLayers - depth ? width : 0;
  });
}

/**
 * Seconds of a round at a size, on the machine that the settings name: gradients go back through the trained layers alone, where those of all
 * layers cost as much as the way forward. 1 where the backbone's sizes are not known.
 */
export function secondsAt(state: FedAdapterState, size: Size, numExamples: number): number {
  const { run, shape } = state.values;
  const { training, strategy, contributionEncoding } = run;
  const { backbone } = shape;
  if (backbone === undefined) return 1;
  const work = {
    numExamples,
    localEpochs: training.localEpochs,
    localSteps: training.localSteps,
    numTokens: strategy.tokensPerText,
    bytesPerValue: bytesPerValue[contributionEncoding],
  };
  const machine = { ...strategy, memoryBytes: Number.MAX_SAFE_INTEGER, baseForm: "unpacked" } as const;
  const { fixed, perValue } = roundTime(backbone, machine, work, training.batchSize);
  return fixed * shareOfPasses(size.depth, backbone.numLayers) + perValue * numValuesAt(state, size);
}

function numValuesAt(state: FedAdapterState, size: Size): number {
  const global = under(state.tensors, "W/");
  const ranks = ranksAt(state, size);
  return loraPairs(state.values.shape).reduce((sum, { a, b }, j) => {
    const [rank, inputs] = global[a].shape;
    return sum + Math.min(ranks[j], rank) * (inputs + global[b].shape[0]);
  }, 0);
}
