import * as tf from "@tensorflow/tfjs";
import type { BackboneConfig, RotaryScaling } from "../backbone/config.ts";
import type { PackedBackbone } from "../backbone/packed.ts";

/*
 * The yardstick: one prompt-tuning step as one would write it with TensorFlow.js alone. Frozen: the ratios of every date are against this
 * file as it is, so it is not made faster or slower. It takes the library's operations and its own differentiation, weights in f32 as
 * (in, out) and each once, prompts as one variable as PEFT keeps them. Nothing is slow on purpose: prompts are shared over the batch by
 * broadcasting (the gradient of `tf.tile` is a loop of slices), and the row to predict from is picked by a product, since the gradient of
 * `tf.gather` is missing on WASM.
 */

/** A batch as the yardstick reads it: texts of `lengths` tokens padded to numTokens, and one word to predict at one position in each. */
export interface StockBatch {
  /** (B, T), row-major. */
  readonly ids: Int32Array;
  readonly numTokens: number;
  readonly lengths: readonly number[];
  readonly positions: readonly number[];
  readonly words: readonly number[];
}

/** The prompts (L, 2, P, W) with AdamW's moments; the step counter counts from 0. */
interface StockState {
  readonly prompts: tf.Tensor4D;
  readonly m: tf.Tensor4D;
  readonly v: tf.Tensor4D;
  readonly step: number;
}

/** The settings of the yardstick's AdamW. */
interface StockSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
}

/** The yardstick's model on the current backend. */
interface Stock {
  /** Mean cross-entropy over the vocabulary and its gradient (L, 2, P, W); the caller owns both. */
  lossAndGradient(prompts: tf.Tensor4D, batch: StockBatch): { loss: tf.Scalar; gradient: tf.Tensor4D };
  /** One AdamW step; the caller owns what it gives and what it was given. */
  step(state: StockState, batch: StockBatch, settings: StockSettings): { state: StockState; loss: tf.Scalar };
  dispose(): void;
}

type Weights = ReadonlyMap<string, tf.Tensor>;

/** Uploads a backbone's weights in f32. */
export function createStock(backbone: PackedBackbone): Stock {
  const { config } = backbone;
  const weights: Weights = new Map(backbone.names.map((name) => [name, upload(backbone, name)]));
  const lossOf = (prompts: tf.Tensor4D, batch: StockBatch): tf.Scalar => stockLoss(config, weights, prompts, batch);
  const lossAndGradient: Stock["lossAndGradient"] = (prompts, batch) => {
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => lossOf(x as tf.Tensor4D, batch))(prompts);
    return { loss: value as tf.Scalar, gradient: grad as tf.Tensor4D };
  };
  return {
    lossAndGradient,
    step(state, batch, settings) {
      const { prompts, m, v, loss } = tf.tidy(() => {
        const { loss: meanLoss, gradient } = lossAndGradient(state.prompts, batch);
        return { ...adamW(state, gradient, settings), loss: meanLoss };
      });
      return { state: { prompts, m, v, step: state.step + 1 }, loss };
    },
    dispose() {
      tf.dispose([...weights.values()]);
    },
  };
}

/** Linear maps as (in, out), so that the forward pass is the library's plain product; tables and vectors as they are. */
function upload(backbone: PackedBackbone, name: string): tf.Tensor {
  const { shape, data } = backbone.tensor(name);
  const table = tf.tensor(data, [...shape]);
  if (shape.length !== 2 || !name.endsWith(".weight")) return table;
  const turned = tf.transpose(table);
  table.dispose();
  return turned;
}

function adamW(state: StockState, gradient: tf.Tensor4D, { learningRate, weightDecay, clipNorm }: StockSettings): Omit<StockState, "step"> {
  const step = state.step + 1;
  const rate = (learningRate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
  const clip = tf.minimum(1, tf.div(clipNorm, tf.add(tf.norm(gradient), 1e-6)));
  const g = tf.mul<tf.Tensor4D>(gradient, clip);
  const m = tf.add<tf.Tensor4D>(tf.mul(state.m, 0.9), tf.mul(g, 0.1));
  const v = tf.add<tf.Tensor4D>(tf.mul(state.v, 0.999), tf.mul(tf.square(g), 0.001));
  const moved = tf.sub<tf.Tensor4D>(state.prompts, tf.mul(tf.div(m, tf.add(tf.sqrt(v), 1e-8)), rate));
  return { prompts: tf.mul(moved, 1 - learningRate * weightDecay), m, v };
}

/** What the layers share. */
interface Scope {
  readonly config: BackboneConfig;
  readonly weights: Weights;
  readonly batchSize: number;
  readonly numTokens: number;
  /** 0 where a token sees a key, very negative elsewhere: (B, 1, 1 or T, P + T). */
  readonly mask: tf.Tensor;
  /** Cosines and sines, (T, headSize). */
  readonly angles: { readonly cosines: tf.Tensor; readonly sines: tf.Tensor } | null;
}

function stockLoss(config: BackboneConfig, weights: Weights, prompts: tf.Tensor4D, batch: StockBatch): tf.Scalar {
  const scope: Scope = {
    config,
    weights,
    batchSize: batch.lengths.length,
    numTokens: batch.numTokens,
    mask: maskOf(config, batch, prompts.shape[2]),
    angles: config.rotary === null ? null : anglesOf(config, batch.numTokens, config.rotary),
  };
  let x = embed(scope, batch);
  for (const [index, prompt] of layerPrompts(prompts).entries()) x = layer(scope, x, prompt, `layers.${index}`);
  const rows = tf.matMul<tf.Tensor2D>(pickRows(batch), weights.has("norm.weight") ? norm(scope, x, "norm") : x); // (B, H)
  return tf.losses.softmaxCrossEntropy(tf.oneHot([...batch.words], config.vocabSize), logitsOf(scope, rows)) as tf.Scalar;
}

/** (2, P, W) per layer; the gradient of `tf.unstack` fails on a single part. */
function layerPrompts(prompts: tf.Tensor4D): tf.Tensor3D[] {
  return (prompts.shape[0] === 1 ? [tf.squeeze(prompts, [0])] : tf.unstack(prompts)) as tf.Tensor3D[];
}

/** (B·T, H). */
function embed(scope: Scope, { ids, numTokens }: StockBatch): tf.Tensor2D {
  const { config, weights } = scope;
  let x: tf.Tensor = tf.gather(given(weights, "embeddings.word"), tf.tensor1d(ids, "int32"));
  const table = weights.get("embeddings.position");
  if (table !== undefined) {
    const positions = tf.slice(table, [config.positionOffset, 0], [numTokens, config.hiddenSize]);
    x = tf.reshape(tf.add(tf.reshape(x, [-1, numTokens, config.hiddenSize]), positions), x.shape);
  }
  const types = weights.get("embeddings.type");
  if (types !== undefined) x = tf.add(x, tf.slice(types, [0, 0], [1, config.hiddenSize]));
  return weights.has("embeddings.norm.weight") ? norm(scope, x as tf.Tensor2D, "embeddings.norm") : (x as tf.Tensor2D);
}

/** Encoders normalise after each residual sum, decoders before each branch. */
function layer(scope: Scope, x: tf.Tensor2D, prompt: tf.Tensor3D, here: string): tf.Tensor2D {
  const [first, second] = [`${here}.attention.norm`, `${here}.feedForward.norm`];
  if (!scope.config.isCausal) {
    const middle = norm(scope, tf.add(x, attention(scope, x, prompt, `${here}.attention`)), first);
    return norm(scope, tf.add(middle, feedForward(scope, middle, `${here}.feedForward`)), second);
  }
  const middle = tf.add<tf.Tensor2D>(x, attention(scope, norm(scope, x, first), prompt, `${here}.attention`));
  return tf.add(middle, feedForward(scope, norm(scope, middle, second), `${here}.feedForward`));
}

function attention(scope: Scope, x: tf.Tensor2D, prompt: tf.Tensor3D, here: string): tf.Tensor2D {
  const { config, batchSize, numTokens } = scope;
  const { numHeads, numKeyValueHeads, headSize } = config;
  const [promptKeys, promptValues] = tf.unstack(prompt) as tf.Tensor2D[]; // (P, W)
  const q = turn(scope, toHeads(scope, linear(scope, x, `${here}.query`), numHeads));
  const keys = turn(scope, toHeads(scope, linear(scope, x, `${here}.key`), numKeyValueHeads));
  const values = toHeads(scope, linear(scope, x, `${here}.value`), numKeyValueHeads);
  const k = shareHeads(config, tf.concat4d([promptHeads(scope, promptKeys), keys], 2));
  const v = shareHeads(config, tf.concat4d([promptHeads(scope, promptValues), values], 2));
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(headSize)); // (B, heads, T, P + T)
  const mixed = tf.matMul<tf.Tensor4D>(tf.softmax<tf.Tensor4D>(tf.add(scores, scope.mask)), v);
  const merged = tf.reshape<tf.Rank.R2>(tf.transpose(mixed, [0, 2, 1, 3]), [batchSize * numTokens, numHeads * headSize]);
  return linear(scope, merged, `${here}.output`);
}

function feedForward(scope: Scope, x: tf.Tensor2D, here: string): tf.Tensor2D {
  const up = linear(scope, x, `${here}.up`);
  if (!scope.weights.has(`${here}.gate.weight`)) return linear(scope, activate(up, scope.config.activation), `${here}.down`);
  const gate = activate(linear(scope, x, `${here}.gate`), scope.config.activation);
  return linear(scope, tf.mul(gate, up), `${here}.down`);
}

/** The head's dense part where the family has one, then logits over the vocabulary, (B, V). */
function logitsOf(scope: Scope, rows: tf.Tensor2D): tf.Tensor2D {
  const { config, weights } = scope;
  const hidden = weights.has("head.dense.weight")
    ? norm(scope, activate(linear(scope, rows, "head.dense"), config.activation), "head.norm")
    : rows;
  const logits = tf.matMul<tf.Tensor2D>(hidden, given(weights, config.hasTiedEmbeddings ? "embeddings.word" : "head.output"), false, true);
  const bias = weights.get("head.bias");
  return bias === undefined ? logits : tf.add(logits, bias);
}

function linear({ weights }: Scope, x: tf.Tensor2D, name: string): tf.Tensor2D {
  const product = tf.matMul<tf.Tensor2D>(x, given(weights, `${name}.weight`));
  const bias = weights.get(`${name}.bias`);
  return bias === undefined ? product : tf.add(product, bias);
}

/** LayerNorm, or RMSNorm where the backbone stores no bias. */
function norm({ config, weights }: Scope, x: tf.Tensor2D, name: string): tf.Tensor2D {
  const bias = weights.get(`${name}.bias`);
  const weight = given(weights, `${name}.weight`);
  if (bias === undefined) {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), config.layerNormEpsilon));
    return tf.mul(tf.mul(x, inverse), weight);
  }
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, config.layerNormEpsilon))), weight), bias);
}

function activate(x: tf.Tensor2D, kind: BackboneConfig["activation"]): tf.Tensor2D {
  if (kind === "silu") return tf.mul(x, tf.sigmoid(x));
  if (kind === "gelu") return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const cubed = tf.mul(tf.mul(x, x), x);
  const inner = tf.mul(tf.add(x, tf.mul(cubed, 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** (B·T, heads · d) → (B, heads, T, d). */
function toHeads({ config, batchSize, numTokens }: Scope, x: tf.Tensor2D, numHeads: number): tf.Tensor4D {
  return tf.transpose(tf.reshape<tf.Rank.R4>(x, [batchSize, numTokens, numHeads, config.headSize]), [0, 2, 1, 3]);
}

/** (P, W) → (B, key/value heads, P, d), the same for every text. */
function promptHeads({ config, batchSize }: Scope, prompt: tf.Tensor2D): tf.Tensor4D {
  const heads = tf.reshape(prompt, [1, prompt.shape[0], config.numKeyValueHeads, config.headSize]);
  return tf.mul(tf.transpose(heads, [0, 2, 1, 3]), tf.ones([batchSize, 1, 1, 1]));
}

/** (B, key/value heads, S, d) → (B, heads, S, d): grouped queries share their keys and values. */
function shareHeads({ numHeads, numKeyValueHeads }: BackboneConfig, x: tf.Tensor4D): tf.Tensor4D {
  if (numHeads === numKeyValueHeads) return x;
  const [batch, heads, length, size] = x.shape;
  const group = numHeads / numKeyValueHeads;
  const shared = tf.mul(tf.reshape(x, [batch * heads, 1, length, size]), tf.ones([1, group, 1, 1]));
  return tf.reshape(shared, [batch, numHeads, length, size]);
}

/** Rotary positions: dimension i turns with dimension i + headSize/2. */
function turn({ angles }: Scope, x: tf.Tensor4D): tf.Tensor4D {
  if (angles === null) return x;
  const [first, second] = tf.split(x, 2, 3);
  return tf.add(tf.mul(x, angles.cosines), tf.mul(tf.concat([tf.neg(second), first], 3), angles.sines));
}

function anglesOf({ headSize }: BackboneConfig, numTokens: number, rotary: NonNullable<BackboneConfig["rotary"]>): Scope["angles"] {
  const frequencies = Float32Array.from({ length: headSize }, (_, i) => {
    const plain = rotary.theta ** (-(2 * (i % (headSize / 2))) / headSize);
    return rotary.scaling === null ? plain : stretched(plain, rotary.scaling);
  });
  const values = (f: (angle: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: numTokens * headSize }, (_, i) => f(Math.floor(i / headSize) * frequencies[i % headSize])),
      [numTokens, headSize],
    );
  return { cosines: values(Math.cos), sines: values(Math.sin) };
}

/** LLaMA 3's slower long wavelengths. */
function stretched(frequency: number, scaling: RotaryScaling): number {
  const wavelength = (2 * Math.PI) / frequency;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions: original } = scaling;
  const share = Math.min(1, Math.max(0, (original / wavelength - low) / (high - low)));
  return ((1 - share) * frequency) / factor + share * frequency;
}

function maskOf(config: BackboneConfig, { lengths, numTokens }: StockBatch, numPrompt: number): tf.Tensor {
  const numQueries = config.isCausal ? numTokens : 1;
  const numKeys = numPrompt + numTokens;
  const mask = new Float32Array(lengths.length * numQueries * numKeys);
  lengths.forEach((length, text) => {
    for (let query = 0; query < numQueries; query++) {
      const start = (text * numQueries + query) * numKeys;
      mask.fill(-1e9, start + numPrompt + (config.isCausal ? Math.min(length, query + 1) : length), start + numKeys);
    }
  });
  return tf.tensor4d(mask, [lengths.length, 1, numQueries, numKeys]);
}

/** (B, B·T), a one where each text's row to predict from is. */
function pickRows({ positions, numTokens }: StockBatch): tf.Tensor2D {
  return tf.oneHot(
    positions.map((position, text) => text * numTokens + position),
    positions.length * numTokens,
  ) as tf.Tensor2D;
}

function given(weights: Weights, name: string): tf.Tensor {
  const weight = weights.get(name);
  if (weight === undefined) throw new Error(`the backbone has no tensor ${name}`);
  return weight;
}
