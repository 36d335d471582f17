import type { DeviceSpread } from "./runRecord.ts";
import type { EvaluationRecord } from "./stepRecord.ts";
import type { TextRecord } from "./textRecord.ts";

/** How far the devices of an evaluation lie apart; undefined where no device was measured by itself. */
export function spreadOf({ byDevice }: Pick<EvaluationRecord, "byDevice">): DeviceSpread | undefined {
  if (byDevice === undefined || byDevice.deviceIds.length === 0) return undefined;
  return spreadIn(byDevice.numRight, byDevice.numExamples, byDevice.loss);
}

/** The same of answers that are texts, in the accuracy of their tokens. */
export function spreadOfTexts({ byDevice }: Pick<TextRecord, "byDevice">): DeviceSpread | undefined {
  if (byDevice === undefined || byDevice.deviceIds.length === 0) return undefined;
  return spreadIn(byDevice.numRightTokens, byDevice.numTokens, byDevice.loss);
}

function spreadIn(numRight: readonly number[], numCounted: readonly number[], loss: readonly number[]): DeviceSpread {
  const accuracies = numRight.map((right, index) => right / (numCounted[index] ?? 1));
  return {
    numDevices: accuracies.length,
    meanAccuracy: meanOf(accuracies),
    worstTenthAccuracy: meanOf(worstTenth(accuracies, (a, b) => a - b)),
    meanLoss: meanOf(loss),
    worstTenthLoss: meanOf(worstTenth(loss, (a, b) => b - a)),
  };
}

/** The first tenth of the values, rounded up, when the worst come first. */
function worstTenth(values: readonly number[], worstFirst: (a: number, b: number) => number): number[] {
  return [...values].sort(worstFirst).slice(0, Math.ceil(values.length / 10));
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
