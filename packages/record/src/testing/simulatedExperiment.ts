import { createRandom, type MethodName, methods, type Protocol, presets, type RandomStream, type RunSettings } from "@tutti/core";
import type { ExperimentResult, SourceRecord } from "../experimentResult.ts";
import type { RunPoint, RunRecord, RunScores } from "../runRecord.ts";

const numRows = 400;
const perRound = { up: 120_000, down: 160_000 };

/** How good a method gets in the simulation; made up, and of no real method. */
const madeUpSkill: Readonly<Partial<Record<MethodName, number>>> = {
  fedPepTao: 0.06,
  pTuningV2: 0.04,
  lora: 0.07,
  fedPrompt: -0.12,
  adapter: 0.05,
  idpg: -0.16,
  pooled: 0.11,
  local: -0.08,
};

/** How much of the prompts travels in a simulated round. */
const madeUpTraffic: Readonly<Partial<Record<MethodName, number>>> = { fedPepTao: 0.5, fedPrompt: 0.1 };

/** What a simulated run is of. */
export interface SimulatedRun {
  readonly method: MethodName;
  readonly task: string;
  readonly seed: number;
  readonly variant?: RunRecord["variant"];
  readonly settings?: RunSettings;
  /** Added to the made-up score. */
  readonly gain?: number;
  readonly error?: string;
}

/** A run with made-up numbers drawn from its seed: nothing is trained. For tests and drawings only. */
export function simulatedRun({ method, task, seed, variant = {}, gain = 0, error, settings }: SimulatedRun): RunRecord {
  const stream = createRandom(seed).stream({ purpose: `${method}/${task}/${JSON.stringify(variant)}` });
  const run = settings ?? { ...methods[method].settings({ ...presets.demo, task, seed }), numRounds: 12 };
  const target = 0.68 + (madeUpSkill[method] ?? 0) + gain + 0.02 * stream.normal();
  const correct = Array.from({ length: numRows }, (_, row) =>
    noiseOf(task, row) * 0.7 + stream.uniform() * 0.3 < target ? "1" : "0",
  ).join("");
  const end = [...correct].filter((answer) => answer === "1").length / numRows;
  const isOwn = methods[method].role === "own";
  const stagesAB = isOwn ? 900_000 : 0;
  const share = madeUpTraffic[method] ?? 1;
  const curve = [4, 8, 12].flatMap((round) =>
    (["global", "personalised", "newcomer"] as const).flatMap((protocol) =>
      (["validation", "test"] as const).map((split): RunPoint => {
        const isReported = round === 12 && split === "test" && protocol === "global";
        const score = isReported ? end : end + offsets[protocol] - 0.25 * Math.exp(-round / 4) + 0.01 * stream.normal();
        const bytes = { bytesUp: stagesAB / 2 + round * perRound.up * share, bytesDown: stagesAB / 2 + round * perRound.down * share };
        return { ...scores(score), round, seconds: round * 1.8 + (isOwn ? 9 : 0), ...bytes, protocol, split, coverage: 1 };
      }),
    ),
  );
  const at = (round: number) =>
    Object.fromEntries(
      curve.filter((point) => point.round === round && point.split === "test").map(({ protocol, score }) => [protocol, scores(score)]),
    );
  return {
    id: `${method}-${task.replace("/", "-")}-${seed}${Object.values(variant).join("-")}`,
    method,
    methodTitle: methods[method].title,
    variant,
    isRateTrial: false,
    task,
    metric: "accuracy",
    seed,
    settings: run,
    backend: "wasm",
    clients: "tabs",
    seconds: { scoring: isOwn ? 2 : 0, counting: isOwn ? 7 : 0, training: 21.6, evaluation: 3, total: isOwn ? 36 : 27 },
    bytes: {
      up: stagesAB / 2 + 12 * perRound.up * share,
      down: stagesAB / 2 + 12 * perRound.down * share,
      stagesAB,
      evaluation: 401_000,
    },
    curve,
    final: error === undefined ? at(12) : {},
    best: error === undefined ? { round: 8, scores: at(8) } : null,
    bestValidation: end,
    controls: { majority: 0.5, zeroShot: 0.57 },
    layerScores: isOwn ? layerScores(stream, variant.alpha) : [],
    selector: isOwn ? "score" : null,
    selectedLayers: isOwn ? [2, 3, 4] : [],
    keepFraction: isOwn ? 0.53 : null,
    spectra: isOwn ? [spectrum(stream, 3), spectrum(stream, 11)] : [],
    correct: error === undefined ? correct : null,
    correctNote: null,
    faults: null,
    usage: { clientsFraction: 0.91, orchestrationFraction: 0.03 },
    error: error ?? null,
  };
}

const offsets: Readonly<Record<Protocol, number>> = { global: 0, personalised: 0.08, newcomer: 0.01, zeroShot: 0 };

function scores(score: number): RunScores {
  return { score, accuracy: score, macroF1: score - 0.02, loss: 1.3 - score, numTexts: numRows };
}

/** How hard a row is for every method: what makes answers of two methods agree. */
function noiseOf(task: string, row: number): number {
  return createRandom(row)
    .stream({ purpose: `row of ${task}` })
    .uniform();
}

function layerScores(stream: RandomStream, alpha: string | number | boolean | undefined): (number | null)[] {
  const spread = typeof alpha === "number" ? 2 / (0.5 + alpha) : 0.5;
  return [...[8.2, 9.1, 21.4, 36.7, 96.5].map((score) => score * Math.exp(0.4 * spread * stream.normal())), null];
}

function spectrum(stream: RandomStream, deviceId: number): RunRecord["spectra"][number] {
  const ritzValues = Array.from({ length: 12 }, (_, index) => (index === 11 ? 0.09 : 0.004 * stream.normal()));
  const weights = ritzValues.map(() => stream.gamma(0.5));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { deviceId, ritzValues, ritzWeights: weights.map((weight) => weight / sum) };
}

/** An experiment with made-up numbers; its name and title say so. */
export function simulatedExperiment(runs: readonly RunRecord[], changes: Partial<ExperimentResult> = {}): ExperimentResult {
  return {
    name: "simulated",
    title: "A simulated experiment with made-up numbers",
    preset: null,
    question: "How does the report of an experiment look? None of these numbers was measured.",
    commit: "0123abc+",
    machine: "Some processor, 2 cores, linux",
    startedAt: "2026-01-02T03:04:05.000Z",
    experiment: { title: "A simulated experiment", seeds: [1, 2, 3], rounds: 12 },
    notes: ["device 7 has no example of class <price>"],
    data: [{ task: "feedback/topic", numTrain: 1056, numValidation: 96, numTest: 288, notes: ["The rows are made up."] }],
    rates: [],
    runs,
    ...changes,
  };
}

/** A record of a source prompt with made-up numbers. */
export const simulatedSource: SourceRecord = {
  name: "qnli",
  backbone: "minuet",
  tokens: 16,
  task: "qnli",
  numExamples: 9264,
  numSteps: 1000,
  learningRate: 0.01,
  validation: { numExamples: 1029, before: 0.5112, after: 0.5646 },
  sha256: "0123456789abcdef".repeat(4),
};

const compared: readonly MethodName[] = ["fedPepTao", "adapter", "fedPrompt", "pTuningV2", "idpg", "lora", "local", "pooled"];

/** The run of the comparison that failed. */
const broken = "idpg subj 2";

/** Eight methods on three tasks with three seeds, one run of which failed. */
export function simulatedComparison(): ExperimentResult {
  const runs = ["feedback/topic", "sst2", "subj"].flatMap((task) =>
    compared.flatMap((method) =>
      [1, 2, 3].map((seed) => {
        const isBroken = `${method} ${task} ${seed}` === broken;
        return simulatedRun({ method, task, seed, ...(isBroken ? { error: "tensor prefix/3: <not finite>" } : {}) });
      }),
    ),
  );
  return simulatedExperiment(runs, {
    name: "simulated-comparison",
    rates: [
      {
        key: "lora/subj/",
        method: "lora",
        task: "subj",
        seed: 1,
        tried: [
          { clientLearningRate: 0.01, runId: "a", validation: 0.71 },
          { clientLearningRate: 0.03, runId: "b", validation: null },
        ],
        chosen: 0.01,
      },
    ],
  });
}

/** FedPepTAO and P-tuning v2 under three label splits, with two seeds. */
export function simulatedSplits(): ExperimentResult {
  const runs = [0.1, 1, 5].flatMap((alpha) =>
    (["fedPepTao", "pTuningV2"] as const).flatMap((method) =>
      [1, 2].map((seed) => {
        const base: RunSettings = {
          ...presets.demo,
          task: "subj",
          seed,
          numRounds: 12,
          partition: { kind: "dirichletLabel", dirichletAlpha: alpha },
        };
        return simulatedRun({
          method,
          task: "subj",
          seed,
          variant: { alpha },
          settings: methods[method].settings(base),
          gain: Math.log(alpha) / 30,
        });
      }),
    ),
  );
  return simulatedExperiment(runs, { name: "simulated-splits", title: "A simulated experiment over label splits" });
}
