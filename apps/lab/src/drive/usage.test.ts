import type { RoundPlan } from "@tutti/core";
import { expect, test } from "vitest";
import { createUsageMeter } from "./usage.ts";

const evaluate = { kind: "evaluate", protocols: [], splits: [] } as const;
const expects = { shapes: {}, encoding: "f16", batchSize: 8, numExamples: 5 } as const;
const train = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false } as const;
const planOf = (kind: "train" | "evaluate"): RoundPlan => ({
  stage: "train",
  round: 1,
  step: 1,
  attempt: 1,
  payloads: [],
  deadlineMs: null,
  quorum: 1,
  numDevices: 1,
  tasks: [{ deviceId: 0, parameterSets: {}, expects, spec: kind === "train" ? train : evaluate }],
});

test("clients' share is their processor time over cores and train steps; orchestration is what is left between tasks", () => {
  let now = 0;
  let used = 0;
  let taken = 0;
  const meter = createUsageMeter({ nowSeconds: () => now, processorSeconds: () => used, foreignSeconds: () => taken, numCores: 2 });
  const at = (seconds: number, processor: number, kind: "planned" | "accepted" | "closed", task: "train" | "evaluate" = "train") => {
    now = seconds;
    used = processor;
    meter.on({ kind, plan: planOf(task) });
  };
  at(10, 5, "planned");
  at(14, 9, "accepted");
  at(18, 15, "accepted");
  taken = 4;
  at(20, 17, "closed"); // 12 of 2 × 10 seconds, of which others took 4; 8 of 10 worked
  at(20, 17, "planned", "evaluate");
  at(26, 24, "accepted", "evaluate");
  at(30, 24, "closed", "evaluate"); // not training; 6 of 10 worked
  expect(meter.usage()).toEqual({ clientsFraction: 0.75, orchestrationFraction: expect.closeTo(0.3, 9) });
});

test("without a place to read processor time there is no share of it", () => {
  const meter = createUsageMeter({ nowSeconds: () => 0, processorSeconds: () => null, foreignSeconds: () => null, numCores: 2 });
  expect(meter.usage()).toEqual({ clientsFraction: null, orchestrationFraction: null });
});
