import { presets, type RunSettings } from "@tutti/core";

const { promptDropout, positionsAfterPrefix, head, lossOver } = presets.demo.tuning;
const common = { promptDropout, positionsAfterPrefix, head, lossOver };

/** Methods whose steps are compared with a prefix step, with their default sizes; the head is the demo's. */
export const methodTunings = {
  prefix: presets.demo.tuning,
  lora: { method: "lora", rank: 8, alpha: 16, ...common },
  adapter: { method: "adapter", bottleneck: 32, ...common },
  tensorTrain: { method: "tensorTrain", bottleneck: 64, rank: 5, maxFactor: 16, ...common },
  inputPrompt: { method: "inputPrompt", promptTokens: 16, initial: "normal", ...common },
  full: { method: "full", ...common },
} as const satisfies Readonly<Record<string, RunSettings["tuning"]>>;

/** One of them. */
export type MeasuredMethod = keyof typeof methodTunings;
