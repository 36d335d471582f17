import {
  type ContributionBody,
  createRandom,
  type DeviceState,
  isSvdName,
  mapParams,
  type ParameterSets,
  type Params,
  pickNames,
  type RandomStream,
  type RunSettings,
  type Split,
  sizeOf,
  slopes,
  sortedNames,
  type TextSums,
  taskSteps,
} from "@tutti/core";
import type { TaskLease } from "@tutti/protocol";

/** What a simulated device computes for a task: a function of the task, its parameters and the device's state, and of nothing else. */
export interface SimulatedResult {
  readonly body: ContributionBody;
  readonly state: DeviceState | null;
}

/** Examples of a simulated device. */
export function simulatedExamples(deviceId: number): number {
  return 5 + ((deviceId * 7) % 11);
}

/** Sums over three answers of eight tokens, two of which are generated from test rows. */
function simulatedTexts(split: Split, chance: number): TextSums {
  const generated = split === "test" ? { numExamples: 2, numExact: 0, rougeLSum: chance } : null;
  return { numExamples: 3, numTokens: 24, numBytes: 90, numRightTokens: 4 + Math.floor(9 * chance), generated };
}

/** A prompt of a few of the first twelve words, so that some are in several devices' prompts. */
function editedTokens(mostTokens: number, random: RandomStream): number[] {
  const words = random.shuffle(Array.from({ length: 12 }, (_, id) => id));
  return words.slice(0, Math.min(mostTokens, 1 + random.integer(5)));
}

/** Performs a task: small seeded steps in place of gradients, with local parameters that depend on every task accepted before. */
export function simulate(
  run: RunSettings,
  lease: Pick<TaskLease, "deviceId" | "stage" | "round" | "attempt" | "spec" | "expects">,
  { global = {}, initial, correction }: ParameterSets<Params>,
  state: DeviceState | null,
): SimulatedResult {
  const { deviceId, stage, round, attempt, spec, expects } = lease;
  const random = createRandom(run.seed).stream({ stage, round, attempt, device: deviceId, purpose: "simulated" });
  switch (spec.kind) {
    case "score": {
      const numLayers = sortedNames(global).filter((name) => name.startsWith("prefix/")).length;
      const isLast = (layer: number) => layer === numLayers - 1 && !spec.scoreLastLayer;
      return {
        body: { kind: "score", layerScores: Array.from({ length: numLayers }, (_, layer) => (isLast(layer) ? null : random.uniform())) },
        state,
      };
    }
    case "probe": {
      const ritzValues = Array.from({ length: spec.lanczosSteps }, () => 4 * random.uniform());
      return { body: { kind: "probe", ritzValues, ritzWeights: ritzValues.map(() => 1 / ritzValues.length) }, state };
    }
    case "evaluate": {
      const results = spec.protocols.flatMap((protocol) =>
        spec.splits.map((split) => {
          if (run.task === "replies")
            return { protocol, split, text: simulatedTexts(split, random.uniform()), lossSum: 40 + 10 * random.uniform() };
          const confusion = [0, 1, 2].map((row) => [0, 1, 2].map((column) => (row === column ? 3 : 1) + Math.floor(2 * random.uniform())));
          return { protocol, split, confusion, lossSum: 10 * random.uniform() };
        }),
      );
      return { body: { kind: "evaluate", results }, state };
    }
    case "logits":
      return { body: { kind: "logits", contentKey: "5".repeat(64), numTexts: 4, numPositions: 60, topKError: 0.02 }, state };
    case "answers": {
      const answers = [1, 2, 3].map((at) => ({ prompt: `message ${at}`, reference: `reply ${at}`, answer: `answer ${at}` }));
      return { body: { kind: "answers", answers: answers.slice(0, spec.numTexts) }, state };
    }
    case "distil": {
      const delta = mapParams(global, (tensor) => ({ shape: tensor.shape, data: tensor.data.map(() => 0.05 * random.normal()) }));
      return { body: { kind: "distil", delta, numSteps: spec.numSteps, firstLoss: 2.5, lastLoss: 1.25, drift: 0.5 }, state };
    }
    case "search": {
      const delta = Object.fromEntries(
        Object.entries(expects.shapes).map(([name, shape]) => {
          const data = Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * spec.stepSize * random.normal());
          return [name, { shape, data }];
        }),
      );
      return {
        body: { kind: "search", delta, fitness: 0.5 + random.uniform(), stepSize: spec.stepSize * (0.9 + 0.2 * random.uniform()) },
        state,
      };
    }
    case "edit": {
      const tokens = editedTokens(spec.mostTokens, random);
      const rows = { shape: [tokens.length, 1], data: Float32Array.from(tokens) };
      return { body: { kind: "edit", tokens, accuracy: random.uniform(), words: { rows, texts: tokens.map(() => "") } }, state };
    }

    case "perturb": {
      const data = Float32Array.from(spec.places, () => 0.5 * random.normal());
      return {
        body: { kind: "perturb", delta: { scalars: { shape: [data.length], data } }, numSkipped: 0, firstLoss: 1.5, lastLoss: 1.25 },
        state,
      };
    }
    case "train": {
      if (spec.forward !== undefined) {
        const numSteps = spec.forward.numDirections;
        const data = Float32Array.from({ length: numSteps }, () => random.normal());
        return {
          body: { kind: "train", delta: { [slopes]: { shape: [numSteps], data } }, numSteps, firstLoss: 1.5, lastLoss: 1.5 },
          state: null,
        };
      }
      const numSteps = taskSteps(spec, expects);
      const sharedNames = Object.keys(expects.shapes);
      const start: Params = { ...initial, ...state?.local, ...global };
      const drift = Object.values(state?.local ?? {}).reduce((sum, tensor) => sum + (tensor.data[0] ?? 0), 0);
      const trained = mapParams(start, (tensor, name) => ({
        shape: tensor.shape,
        data: tensor.data.map((value, i) => value + 0.02 * random.normal() + 0.01 * drift - 0.01 * (correction?.[name]?.data[i] ?? 0)),
      }));
      const delta = mapParams(pickNames(trained, sharedNames), (tensor, name) => ({
        shape: tensor.shape,
        data: tensor.data.map((value, i) => value - (global[name]?.data[i] ?? 0)),
      }));
      const localNames = sortedNames(trained).filter((name) => !sharedNames.includes(name));
      const next = spec.isPersonalised ? { local: pickNames(trained, localNames), moments: null, stageSteps: numSteps, stage } : null;
      const matrices = sharedNames.filter((name) => name.startsWith("lora/") && name.endsWith("/b"));
      const scored =
        spec.scoresMatrices === true ? { matrixScores: Object.fromEntries(matrices.map((name) => [name, random.uniform()])) } : {};
      const alive = sharedNames.filter((name) => isSvdName(name) && name.endsWith("/e")).sort(); // a restart may list them in another order
      const ofComponents =
        spec.scoresComponents === true
          ? {
              componentScores: Object.fromEntries(
                alive.map((name) => [name, Array.from({ length: expects.shapes[name]?.[0] ?? 0 }, () => random.uniform())]),
              ),
            }
          : {};
      return { body: { kind: "train", delta, numSteps, firstLoss: 1.5, lastLoss: 1.25, ...scored, ...ofComponents }, state: next };
    }
  }
}
