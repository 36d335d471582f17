import * as tf from "@tensorflow/tfjs-core";
import { createRandom, initialParams, stepAdamW } from "@tutti/core";
import { tokenBatch } from "../backbone/batch.ts";
import type { AdmissionNumbers } from "../backbone/manifest.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import type { Admission } from "../trainer.ts";
import { flattenTuned, splitTuned, type TunedLayout, tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { relativeError } from "../verify/relativeError.ts";
import { adamWStep, startAdamW } from "./adamWTensors.ts";
import { vectorGradient } from "./gradient.ts";
import { type LabelledBatch, predict } from "./objective.ts";

/** A right f32 implementation is at 1e-6 to 1e-5 of the CPU's numbers; wrong weights or a wrong kernel are at 1e-2 and more. */
export const admissionTolerance = 1e-3;

const promptSeed = 20231;
const promptTokens = 4;
const numTokens = 12;
const numLogits = 32;
const numGradients = 64;

/** Which passes a device computes. */
export type AdmissionPasses = "both" | "forward";

type Question = Omit<AdmissionNumbers, "logits" | "loss" | "gradient" | "gradientNorm">;

/** The golden numbers of a backbone, computed on the current backend (the CPU's, when it is converted). */
export async function computeAdmission(backbone: PackedBackbone): Promise<AdmissionNumbers> {
  const transformer = createTransformer(backbone, { isStreamed: true });
  try {
    const question = drawQuestion(transformer);
    return { ...question, ...(await answer(transformer, question)) };
  } finally {
    transformer.dispose();
  }
}

/**
 * Compares what this backend computes from the golden input with the manifest's numbers, where it has any, and an optimiser's step with core's; of a device that
 * computes forward passes alone the logits and the loss.
 */
export async function testAdmission(
  transformer: Transformer,
  golden: AdmissionNumbers | undefined,
  passes: AdmissionPasses = "both",
): Promise<Admission> {
  const trains = passes === "both";
  const errors = {
    ...(golden === undefined ? {} : await (trains ? goldenErrors(transformer, golden) : forwardErrors(transformer, golden))),
    ...(trains ? { "optimiser step": await optimiserError() } : {}),
  };
  const worstError = Object.values(errors).reduce((worst, error) => (error > worst || Number.isNaN(error) ? error : worst), 0);
  const detail = Object.entries(errors).map(([kind, error]) => `${kind} ${error.toExponential(1)}`);
  const lack = golden === undefined ? "this backbone has no golden numbers to compare with; " : "";
  return { isPassed: worstError <= admissionTolerance, worstError, detail: `${lack}relative errors: ${detail.join(", ")}` };
}

async function goldenErrors(transformer: Transformer, golden: AdmissionNumbers): Promise<Record<string, number>> {
  const found = await answer(transformer, golden);
  return {
    logits: relativeError(found.logits, golden.logits),
    loss: relativeError([found.loss], [golden.loss]),
    gradient: relativeError(found.gradient, golden.gradient),
    "gradient norm": relativeError([found.gradientNorm], [golden.gradientNorm]),
  };
}

async function forwardErrors(transformer: Transformer, golden: AdmissionNumbers): Promise<Record<string, number>> {
  const { values, batch, tuned } = asked(transformer, golden);
  const tensors = tf.tidy(() => {
    const { classLogits, losses } = predict(splitTuned(tuned.layout, tf.tensor1d(values)), batch, tuned);
    return { logits: classLogits, losses };
  });
  const read = [tensors.logits, tensors.losses].map((tensor) => tensor.data<"float32">());
  const [logits, losses] = await Promise.all(read).finally(() => tf.dispose([tensors.logits, tensors.losses]));
  return { logits: relativeError([...logits], golden.logits), loss: relativeError([...losses], [golden.loss]) };
}

const numOptimised = 257;

/** The relative error of values and moments after a step in which clipping acts. */
async function optimiserError(): Promise<number> {
  const random = createRandom(promptSeed).stream({ purpose: "optimiser" });
  const draw = (size: number) => Float32Array.from({ length: numOptimised }, () => size * random.normal());
  const [start, gradient, m, v] = [draw(1), draw(2), draw(0.1), draw(0.1).map((value) => value * value)];
  const settings = { learningRate: 0.03, weightDecay: 0.2, clipNorm: 1 };
  const named = (data: Float32Array) => ({ all: { shape: [numOptimised], data } });
  const right = stepAdamW(named(start), named(gradient), { m: named(m), v: named(v), step: 3 }, settings);
  const planes = tf.tidy(() => adamWStep(startAdamW(start, { m, v, step: 3 }), tf.tensor1d(gradient), settings).planes);
  const found = await planes.data<"float32">().finally(() => planes.dispose());
  const wanted = [right.params, right.state.m, right.state.v].map(({ all }) => all.data);
  const errors = wanted.map((data, i) => relativeError(found.subarray(i * numOptimised, (i + 1) * numOptimised), data));
  return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors);
}

function drawQuestion({ config }: Transformer): Question {
  const random = createRandom(promptSeed).stream({ purpose: "admission" });
  const token = () => random.integer(config.vocabSize);
  const ids = Array.from({ length: Math.min(numTokens, config.maxPositions) }, token);
  const layout = layoutOf(config);
  return {
    ids,
    maskPosition: config.isCausal ? ids.length - 1 : Math.floor(ids.length / 2),
    target: 0,
    promptTokens,
    promptSeed,
    logitIds: [...new Set([0, ...Array.from({ length: numLogits }, token)])],
    gradientIndices: Array.from({ length: numGradients }, () => random.integer(layout.numValues)),
  };
}

/** What is computed: prompt, text and what is read of it. */
function asked(transformer: Transformer, question: Question) {
  const layout = layoutOf(transformer.config);
  const prompt = flattenTuned(layout, initialParams(layout.entries, createRandom(question.promptSeed)));
  const objective = { head: "labelWords", lossOver: "labelWords", words: question.logitIds } as const;
  const tuned = { transformer, tuner: createPrefixTuner(transformer), layout, objective, positionsAfterPrefix: false };
  const batch: LabelledBatch = {
    tokens: tokenBatch([question.ids], transformer.config.padTokenId),
    labels: [question.logitIds.indexOf(question.target)],
    maskPositions: [question.maskPosition],
  };
  return { values: prompt, batch, tuned };
}

async function answer(transformer: Transformer, question: Question) {
  const { values: prompt, batch, tuned } = asked(transformer, question);
  const { layout } = tuned;
  const tensors = tf.tidy(() => {
    const values = tf.tensor1d(prompt);
    const { loss, gradient } = vectorGradient(tuned, values, batch);
    return { loss, gradient, logits: predict(splitTuned(layout, values), batch, tuned).classLogits };
  });
  const read = [tensors.loss, tensors.gradient, tensors.logits].map((tensor) => tensor.data<"float32">());
  const [loss, gradient, logits] = await Promise.all(read).finally(() => tf.dispose([tensors.loss, tensors.gradient, tensors.logits]));
  return {
    logits: [...logits],
    loss: loss[0],
    gradient: question.gradientIndices.map((index) => gradient[index]),
    gradientNorm: Math.hypot(...gradient),
  };
}

function layoutOf(config: Transformer["config"]): TunedLayout {
  return tunedLayout(config, { method: "prefix", promptTokens, head: "labelWords" }, 0);
}
