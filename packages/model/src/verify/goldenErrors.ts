import * as tf from "@tensorflow/tfjs-core";
import { findKeepRatio, lanczos, scoreLayers } from "@tutti/core";
import { paddedBatch, type TokenBatch, textsOf, tokenBatch } from "../backbone/batch.ts";
import { backboneFromSafetensors } from "../backbone/checkpoint.ts";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import { adamWStep, startAdamW, trainedValues } from "../training/adamWTensors.ts";
import { type Tuned, vectorGradient } from "../training/gradient.ts";
import { statesByExample } from "../training/layerScoring.ts";
import { type LabelledBatch, type Objective, predict } from "../training/objective.ts";
import { hessianProduct } from "../training/spectrumProbe.ts";
import { splitTuned, tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner, prefixesOf } from "../tuning/prefix.ts";
import type { GoldenCase, GoldenFile } from "./goldenFile.ts";
import { requireFit } from "./goldenFit.ts";
import { relativeError } from "./relativeError.ts";

/** Largest ‖a − b‖₂ / ‖b‖₂ of each kind of number, over the cases of one family. */
export type GoldenErrors = Readonly<Record<string, number>>;

/** How much is verified, and who is told of the progress. */
export interface VerifyOptions {
  /**
   * Whether to compute the Ritz values and what follows from them: some 250 gradients per family, minutes on a software adapter, and so
   * left out on WebGPU unless asked for. The Hessian product that they are made of is not.
   */
  readonly hasSpectrum?: boolean;
  /** Called after each piece of work: a case, a product with the Hessian, a text. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Relative errors of everything in a family's golden.json, computed on the current backend from its checkpoint. */
export async function goldenErrors(
  configJson: string,
  checkpoint: Uint8Array,
  golden: GoldenFile,
  options: VerifyOptions = {},
): Promise<GoldenErrors> {
  const transformer = createTransformer(backboneFromSafetensors(configJson, checkpoint));
  try {
    return await transformerErrors(transformer, golden, options);
  } finally {
    transformer.dispose();
  }
}

/** The same for a backbone that is on the backend already. Throws a sentence when the numbers are of a backbone of another shape. */
export async function transformerErrors(
  transformer: Transformer,
  golden: GoldenFile,
  { hasSpectrum = tf.getBackend() !== "webgpu", onProgress }: VerifyOptions = {},
): Promise<GoldenErrors> {
  for (const one of golden.cases) requireFit(one, transformer.config);
  const worst: Record<string, number> = {};
  const total = golden.cases.reduce((sum, { spectrum }) => sum + 1 + (hasSpectrum ? spectrum.lanczosSteps : 0), 0);
  let done = 0;
  const onPiece = () => onProgress?.({ done: ++done, total });
  for (const one of golden.cases) {
    for (const [kind, error] of Object.entries(await caseErrors(transformer, one, { hasSpectrum, onPiece })))
      worst[kind] = Math.max(worst[kind] ?? 0, error);
  }
  return worst;
}

interface CaseOptions {
  readonly hasSpectrum: boolean;
  onPiece(): void;
}

async function caseErrors(transformer: Transformer, golden: GoldenCase, options: CaseOptions): Promise<Record<string, number>> {
  const prompt = Float32Array.from(golden.prompt);
  const overVocabulary = tunedCase(transformer, golden, "vocabulary");
  const overWords = tunedCase(transformer, golden, "labelWords");
  const batch = batchOf(transformer, golden);
  const plain = await forwardNumbers(transformer, golden, { tokens: batch.tokens, prompt: null });
  const prompted = await forwardNumbers(transformer, golden, { tokens: batch.tokens, prompt });
  const withPadding = paddedBatch(textsOf(batch.tokens), transformer.config.padTokenId);
  const padded = await forwardNumbers(transformer, golden, { tokens: withPadding, prompt });
  const vocabulary = await gradientNumbers(overVocabulary, prompt, batch);
  const words = await gradientNumbers(overWords, prompt, batch);
  const { withPrompt, withoutPrompt } = golden;
  const errors = {
    "lastHidden without prompt": relativeError(plain.states[plain.states.length - 1], withoutPrompt.lastHidden),
    "logits without prompt": relativeError(plain.logits, withoutPrompt.logitsAtMask),
    "hidden states": Math.max(...withPrompt.hidden.map((expected, i) => relativeError(prompted.states[i], expected))),
    logits: relativeError(prompted.logits, withPrompt.logitsAtMask),
    "loss over vocabulary": relativeError([vocabulary.loss], [golden.lossOverVocabulary]),
    "loss over label words": relativeError([words.loss], [golden.lossOverLabelWords]),
    "predicted losses": relativeError([await predictedLoss(overVocabulary, prompt, batch)], [golden.lossOverVocabulary]),
    "gradient over vocabulary": relativeError(vocabulary.gradient, golden.gradientOverVocabulary),
    "gradient over label words": relativeError(words.gradient, golden.gradientOverLabelWords),
    ...(await adamWErrors(overVocabulary, prompt, batch, golden)),
    ...scoreErrors({ included: padded.states.slice(1), zeroed: prompted.states.slice(1) }, golden, transformer.config.numLayers),
    ...(await suffixErrors(transformer, golden, prompt)),
    "Hessian product": relativeError(
      await hessianProduct(overVocabulary, prompt, batch).times(Float32Array.from(golden.spectrum.v)),
      golden.spectrum.hessianTimesV,
    ),
  };
  options.onPiece();
  return options.hasSpectrum ? { ...errors, ...(await spectrumErrors(overVocabulary, prompt, batch, { golden, ...options })) } : errors;
}

function tunedCase(transformer: Transformer, golden: GoldenCase, lossOver: "vocabulary" | "labelWords"): Tuned {
  const objective: Objective = { head: "labelWords", lossOver, words: golden.labelWords };
  const { positionsAfterPrefix } = golden;
  const layout = tunedLayout(
    transformer.config,
    { method: "prefix", promptTokens: golden.promptShape[2], head: "labelWords" },
    golden.labelWords.length,
  );
  return { transformer, tuner: createPrefixTuner(transformer), layout, objective, positionsAfterPrefix };
}

function batchOf(transformer: Transformer, golden: GoldenCase): LabelledBatch {
  const texts = golden.ids.map((ids, i) => ids.filter((_, t) => golden.mask[i][t] === 1));
  return {
    tokens: tokenBatch(texts, transformer.config.padTokenId),
    labels: golden.labels,
    maskPositions: golden.maskPosition,
  };
}

/** The states, zero at padding that is not part of the batch, and the logits at the masks. */
async function forwardNumbers(
  transformer: Transformer,
  golden: GoldenCase,
  { tokens, prompt }: { readonly tokens: TokenBatch; readonly prompt: Float32Array | null },
) {
  const { layout } = tunedCase(transformer, golden, "vocabulary");
  const tensors = tf.tidy(() => {
    const prefixes = prompt === null ? null : prefixesOf(splitTuned(layout, tf.tensor1d(prompt)));
    const firstPosition = golden.positionsAfterPrefix && prompt !== null ? golden.promptShape[2] : 0;
    const pass = transformer.forward(tokens, { prefixes, firstPosition, hasGradient: false });
    const rows = golden.maskPosition.map((position, i) => tf.slice2d(pass.last, [tokens.starts[i] + position, 0], [1, -1]));
    const { logits } = transformer.head.forward(tf.concat2d(rows, 0), null, false);
    return [...pass.states, logits];
  });
  const arrays: Float32Array[] = [];
  for (const tensor of tensors) arrays.push(await tensor.data<"float32">());
  tf.dispose(tensors);
  const states = arrays.slice(0, -1).map((state) => statesByExample(state, tokens, transformer.config.hiddenSize));
  return { states, logits: arrays[arrays.length - 1] };
}

async function gradientNumbers(tuned: Tuned, prompt: Float32Array, batch: LabelledBatch) {
  const { loss, gradient } = tf.tidy(() => vectorGradient(tuned, tf.tensor1d(prompt), batch));
  const numbers = { loss: (await loss.data())[0], gradient: await gradient.data<"float32">() };
  tf.dispose([loss, gradient]);
  return numbers;
}

async function predictedLoss(tuned: Tuned, prompt: Float32Array, batch: LabelledBatch): Promise<number> {
  const losses = tf.tidy(() => predict(splitTuned(tuned.layout, tf.tensor1d(prompt)), batch, tuned).losses);
  const values = await losses.data<"float32">();
  losses.dispose();
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function adamWErrors(tuned: Tuned, prompt: Float32Array, batch: LabelledBatch, golden: GoldenCase) {
  const { steps, rate, decay, clip } = golden.adamW;
  let state = startAdamW(prompt);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { loss, gradient } = tf.tidy(() => vectorGradient(tuned, trainedValues(state), batch));
    losses.push((await loss.data())[0]);
    const next = adamWStep(state, gradient, { learningRate: rate, weightDecay: decay, clipNorm: clip });
    tf.dispose([loss, gradient, state.planes]);
    state = next;
  }
  const values = (await state.planes.data<"float32">()).slice(0, prompt.length);
  state.planes.dispose();
  return { "AdamW prompt": relativeError(values, golden.adamW.prompt), "AdamW losses": relativeError(losses, golden.adamW.losses) };
}

function scoreErrors(
  { included, zeroed }: { readonly included: readonly Float32Array[]; readonly zeroed: readonly Float32Array[] },
  golden: GoldenCase,
  numLayers: number,
) {
  const score = (states: readonly Float32Array[]) =>
    scoreLayers("score", { numExamples: golden.ids.length, states, numLayers, scoreLastLayer: false }) ?? [];
  const scored = (scores: readonly (number | null)[]) => scores.filter((value) => value !== null);
  return {
    "layer scores, padding included": relativeError(scored(score(included)), golden.layerScores.paddingIncluded),
    "layer scores, padding zeroed": relativeError(scored(score(zeroed)), golden.layerScores.paddingZeroed),
  };
}

/** The suffixes' mean token losses; a wrong prediction counts as an error of 1. */
async function suffixErrors(transformer: Transformer, golden: GoldenCase, prompt: Float32Array): Promise<Record<string, number>> {
  if (golden.suffix === undefined) return {};
  const { text, suffixes, meanTokenLoss, predicted } = golden.suffix;
  const tuned = tunedCase(transformer, golden, "vocabulary");
  const objective: Objective = { head: "suffix", suffixes };
  const batch: LabelledBatch = { tokens: tokenBatch([text], transformer.config.padTokenId), labels: [0], maskPositions: [null] };
  const logits = tf.tidy(() => predict(splitTuned(tuned.layout, tf.tensor1d(prompt)), batch, { ...tuned, objective }).classLogits);
  const losses = (await logits.data<"float32">()).map((value) => -value);
  logits.dispose();
  const isRight = losses.indexOf(Math.min(...losses)) === predicted;
  return { "suffix losses": relativeError(losses, meanTokenLoss), "suffix prediction": isRight ? 0 : 1 };
}

async function spectrumErrors(
  tuned: Tuned,
  prompt: Float32Array,
  batch: LabelledBatch,
  { golden: { spectrum }, onPiece }: CaseOptions & { readonly golden: GoldenCase },
) {
  const product = hessianProduct(tuned, prompt, batch);
  const { ritzValues, ritzWeights } = await lanczos((v) => product.times(v), {
    start: spectrum.rademacherStart,
    numSteps: spectrum.lanczosSteps,
    onStep: onPiece,
  });
  const keep = (scale: "absolute" | "relative") => findKeepRatio(ritzValues, ritzWeights, scale).ratio;
  return {
    "Ritz values": relativeError(ritzValues, spectrum.ritzValues),
    "Ritz weights": relativeError(ritzWeights, spectrum.ritzWeights),
    "keep share, absolute": relativeError([keep("absolute")], [spectrum.keepAbsolute]),
    "keep share, relative": relativeError([keep("relative")], [spectrum.keepRelative]),
  };
}
