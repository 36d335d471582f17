import type { ProxyAnswerer } from "@tutti/model";
import type { StepRecord } from "@tutti/record";
import type { PeakMemory } from "../drive/peakMemory.ts";

/** FedPT's run, and the two that it is compared with. */
const runNames = ["fedpt", "averaged", "large"] as const;

/** One of them. */
export type RunName = (typeof runNames)[number];

/** Who answers, in the order of the report: after which run, and which of its models. */
export const rowsOfRuns = {
  large: { title: "large, untouched", run: "fedpt", of: "large" },
  small: { title: "small, federated", run: "fedpt", of: "small" },
  proxy: { title: "proxy-tuned", run: "fedpt", of: "proxy" },
  smallAveraged: { title: "small, federated without distillation", run: "averaged", of: "small" },
  proxyAveraged: { title: "proxy-tuned without distillation", run: "averaged", of: "proxy" },
  largeFederated: { title: "large, federated directly", run: "large", of: "tuned" },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly run: RunName; readonly of: ProxyAnswerer | "tuned" }>>;

/** A row of the report. */
export type RowName = keyof typeof rowsOfRuns;

/** `--rows` of the demo: those of FedPT's own run, or all. */
export type RowChoice = "three" | "all";

/** The runs that some rows need, in order. */
export function runsOf(choice: RowChoice): readonly RunName[] {
  return choice === "all" ? runNames : ["fedpt"];
}

/** What a run took. */
export interface RunCost {
  readonly seconds: number;
  /** On the wire, for training, of a device that took part in a round. */
  readonly perDeviceRound: { readonly up: number; readonly down: number };
  readonly peak: PeakMemory;
}

/** Bytes of the training steps, shared out among the devices that took part in each; evaluations, backbones and compute clients apart. */
export function bytesPerDeviceRound(steps: readonly StepRecord[]): RunCost["perDeviceRound"] {
  const training = steps.filter(({ kind }) => kind === "train");
  const numTasks = training.reduce((sum, { counted }) => sum + counted.length, 0);
  const mean = (of: (step: StepRecord) => number) => (numTasks === 0 ? 0 : training.reduce((sum, step) => sum + of(step), 0) / numTasks);
  return { up: mean(({ bytesUp }) => bytesUp), down: mean(({ bytesDown }) => bytesDown) };
}

/** Mean |s_student − s_untuned| after each distillation. */
export function driftByRound(steps: readonly StepRecord[]): { readonly round: number; readonly drift: number }[] {
  return steps.flatMap(({ round, computed }) => (computed !== undefined && "drift" in computed ? [{ round, drift: computed.drift }] : []));
}
