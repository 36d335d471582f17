import type { ForwardSpec } from "../forwardWork.ts";
import { taskParams } from "../parameterSets.ts";
import { add, mapParams, omitNames, type Params, pickNames, scale, shapesOf, sizeOf, subtract } from "../params.ts";
import { perturbedOffsets } from "../perturbation/numbering.ts";
import { signAt } from "../perturbation/signs.ts";
import { createRandom, type RandomStream } from "../random.ts";
import { directionSeed, slopes } from "../strategies/forwardTier/estimate.ts";
import type { ContributionBody, EvaluationResult, PlannedTask, RoundPlan, TaskSpec } from "../task.ts";
import type { Answer } from "./simulatedPool.ts";

/** A synthetic federated problem: every device pulls its parameters towards its own target. */
export interface SyntheticProblem {
  readonly numExamples: readonly number[];
  /** Per device. */
  readonly targets: readonly Params[];
  /** s_l of device 0; device i finds i/10 more. */
  readonly layerScores: readonly (number | null)[];
  readonly ritzValues: readonly number[];
  readonly ritzWeights: readonly number[];
}

/** Devices that answer tasks by a rule. */
export interface SimulatedDevices {
  readonly answer: Answer;
  /** What stayed on each device. */
  readonly local: ReadonlyMap<number, Params>;
}

type SpecOf<K extends TaskSpec["kind"]> = Extract<TaskSpec, { readonly kind: K }>;

/** Targets around a common centre, from a seed. */
export function syntheticProblem(seed: number, like: Params, numExamples: readonly number[]): SyntheticProblem {
  const random = createRandom(seed);
  const centre = drawn(like, 1, random.stream({ purpose: "centre" }));
  const targets = numExamples.map((_, device) => add(centre, drawn(like, 0.3, random.stream({ device, purpose: "target" }))));
  return { numExamples, targets, layerScores: [1, 6, null], ritzValues: [-1, 0, 1, 5], ritzWeights: [0.1, 0.2, 0.4, 0.3] };
}

/** Devices whose loss is ½‖θ − target‖²; a value counts as predicted right when it is within 0.5 of its target. */
export function createSimulatedDevices(problem: SyntheticProblem): SimulatedDevices {
  const local = new Map<number, Params>();

  function bodyOf(plan: RoundPlan, task: PlannedTask): ContributionBody {
    const { spec, deviceId } = task;
    switch (spec.kind) {
      case "score":
        return { kind: "score", layerScores: scoresOf(problem, deviceId) };
      case "train":
        return train(plan, task, spec);
      case "probe":
        return { kind: "probe", ritzValues: problem.ritzValues, ritzWeights: problem.ritzWeights };
      case "evaluate":
        return { kind: "evaluate", results: evaluate(plan, task, spec) };
      case "search":
        return search(task, spec);
      case "edit":
        return edited(spec);
      case "perturb":
        return perturb(task, spec);
      case "logits":
        return { kind: "logits", contentKey: "0".repeat(64), numTexts: 3, numPositions: 40, topKError: 0.01 };
      case "distil":
        return distil(plan, task, spec);
      case "answers":
        return { kind: "answers", answers: [{ prompt: "hello", reference: "good day", answer: "good morning" }] };
    }
  }

  /** Three gradient steps of rate 0.2 an epoch, corrected where the plan says so. */
  function train(plan: RoundPlan, task: PlannedTask, spec: SpecOf<"train">): ContributionBody {
    if (spec.forward !== undefined) return measure(plan, task, spec.forward);
    const { global: sent = {}, initial, correction: given } = taskParams(plan, task);
    const sharedNames = Object.keys(task.expects.shapes);
    const start = spec.isPersonalised ? { ...initial, ...local.get(task.deviceId), ...sent } : sent;
    let current: Params = start;
    const numSteps = 3 * spec.epochs;
    const correction = given ?? scale(start, 0);
    for (let step = 0; step < numSteps; step++) {
      const gradient = add(subtract(current, problem.targets[task.deviceId]), correction);
      current = subtract(current, scale(gradient, 0.2));
    }
    if (spec.isPersonalised) local.set(task.deviceId, omitNames(current, sharedNames));
    const delta = subtract(pickNames(current, sharedNames), pickNames(start, sharedNames));
    return { kind: "train", delta, numSteps, firstLoss: 1.5, lastLoss: 1.25 };
  }

  /** The slopes of ½‖W − target‖², which two points either side of W give exactly. */
  function measure(plan: RoundPlan, task: PlannedTask, forward: ForwardSpec): ContributionBody {
    const gradient = subtract(taskParams(plan, task).global ?? {}, problem.targets[task.deviceId]);
    const offsets = perturbedOffsets(shapesOf(gradient));
    const data = Float32Array.from({ length: forward.numDirections }, (_, j) => {
      const seed = directionSeed(forward, j);
      const parts = Object.entries(gradient).map(([name, tensor]) =>
        tensor.data.reduce((sum, value, i) => sum + value * signAt(seed, offsets[name] + i), 0),
      );
      return parts.reduce((sum, part) => sum + part, 0);
    });
    const delta = { [slopes]: { shape: [data.length], data } };
    return { kind: "train", delta, numSteps: data.length, firstLoss: 1.5, lastLoss: 1.5 };
  }

  /** A step in each coordinate, longer on later devices, of which lower ones find the better points. */
  function search({ deviceId, expects }: PlannedTask, { stepSize }: SpecOf<"search">): ContributionBody {
    const delta = Object.fromEntries(
      Object.entries(expects.shapes).map(([name, shape]) => {
        const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => 0.125 * (deviceId + 1) * (i % 2 === 0 ? 1 : -1));
        return [name, { shape, data }];
      }),
    );
    return { kind: "search", delta, fitness: 0.5 + deviceId / 8, stepSize };
  }

  /** A prompt of three words that all devices find. */
  function edited({ mostTokens }: SpecOf<"edit">): ContributionBody {
    const tokens = [5, 3, 8].slice(0, mostTokens);
    const rows = { shape: [tokens.length, 2], data: Float32Array.from(tokens.flatMap((id) => [id, 1])) };
    return { kind: "edit", tokens, accuracy: 0.5, words: { rows, texts: tokens.map((id) => ` word${id}`) } };
  }

  /** Longer along later seeds, and on later devices. */
  function perturb({ deviceId }: PlannedTask, { places }: SpecOf<"perturb">): ContributionBody {
    const data = Float32Array.from(places, (place, step) => 0.25 * (deviceId + 1) * (step % 2 === 0 ? 1 : -1) + place / 64);
    return { kind: "perturb", delta: { scalars: { shape: [data.length], data } }, numSkipped: 0, firstLoss: 1.5, lastLoss: 1.25 };
  }

  /** What a large model knows: a tenth of the way to 0. */
  function distil(plan: RoundPlan, task: PlannedTask, { numSteps }: SpecOf<"distil">): ContributionBody {
    const { global: sent = {} } = taskParams(plan, task);
    return { kind: "distil", delta: scale(sent, -0.1), numSteps, firstLoss: 0.5, lastLoss: 0.25, drift: 0.125 };
  }

  function evaluate(plan: RoundPlan, task: PlannedTask, spec: SpecOf<"evaluate">): EvaluationResult[] {
    const target = problem.targets[task.deviceId];
    const { global: sent, initial } = taskParams(plan, task);
    const newcomer = { ...initial, ...sent };
    const own = { ...newcomer, ...local.get(task.deviceId) };
    return spec.protocols.flatMap((protocol) => {
      const used = protocol === "newcomer" ? newcomer : protocol === "zeroShot" ? scale(newcomer, 0) : own;
      return spec.splits.map((split) => ({ protocol, split, ...judged(used, target) }));
    });
  }

  return {
    local,
    answer: (plan, task) => ({
      kind: "contributed",
      contribution: { deviceId: task.deviceId, numExamples: task.expects.numExamples, body: bodyOf(plan, task) },
    }),
  };
}

/** Right values count as class 0 predicted 0, wrong ones as class 0 predicted 1. */
function judged(params: Params, target: Params): { confusion: number[][]; lossSum: number } {
  const misses = Object.values(subtract(params, target)).flatMap(({ data }) => [...data]);
  const numRight = misses.filter((miss) => Math.abs(miss) < 0.5).length;
  return {
    confusion: [
      [numRight, misses.length - numRight],
      [0, 0],
    ],
    lossSum: misses.reduce((sum, miss) => sum + (miss * miss) / 2, 0),
  };
}

function scoresOf(problem: SyntheticProblem, deviceId: number): (number | null)[] | null {
  if (problem.numExamples[deviceId] < 2) return null; // abstains
  return problem.layerScores.map((score) => (score === null ? null : score + deviceId / 10));
}

function drawn(like: Params, stdDev: number, stream: RandomStream): Params {
  return mapParams(like, ({ shape, data }) => ({ shape, data: Float32Array.from(data, () => stdDev * stream.normal()) }));
}
