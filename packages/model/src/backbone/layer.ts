import * as tf from "@tensorflow/tfjs";
import { type Activated, activate } from "../kernels/activation.ts";
import { type Attended, type AttentionShape, attend, attendGradient } from "../kernels/attention.ts";
import { linear, linearGradient } from "../kernels/linear.ts";
import { type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import { type Rotation, rotate, rotateGradient } from "../kernels/rotary.ts";
import type { BackboneConfig } from "./config.ts";
import type { LayerWeights } from "./weights.ts";

/** What all layers of one pass share. */
export interface PassContext {
  readonly config: BackboneConfig;
  readonly shape: AttentionShape;
  readonly mask: tf.Tensor4D | null;
  readonly rotation: Rotation | null;
  readonly hasGradient: boolean;
}

/** One layer's result (B·T, H), with what its gradient needs. */
export interface LayerPass {
  readonly y: tf.Tensor2D;
  readonly attended: Attended;
  readonly attentionNorm: Normed;
  readonly activated: Activated;
  /** SwiGLU: the factor that is not activated. */
  readonly factor: tf.Tensor2D | null;
  readonly feedForwardNorm: Normed;
}

/** Encoders normalise after each residual sum, decoders before each branch. */
function normsAfter(config: BackboneConfig): boolean {
  return !config.isCausal;
}

/** x (B·T, H) through one layer, with a prefix (2, P, W) in front of its keys and values. */
export function layerForward(x: tf.Tensor2D, prefix: tf.Tensor3D | null, weights: LayerWeights, context: PassContext): LayerPass {
  const isAfter = normsAfter(context.config);
  const before = isAfter ? null : normalize(x, weights.attentionNorm);
  const attended = attendRotated(linear(before?.y ?? x, weights.qkv), prefix, context);
  const sum = tf.add<tf.Tensor2D>(x, linear(attended.y, weights.output));
  const attentionNorm = before ?? normalize(sum, weights.attentionNorm);
  const middle = before === null ? attentionNorm.y : sum;
  const inner = isAfter ? null : normalize(middle, weights.feedForwardNorm);
  const { activated, factor } = expand(inner?.y ?? middle, weights, context);
  const hidden = factor === null ? activated.y : tf.mul<tf.Tensor2D>(activated.y, factor);
  const total = tf.add<tf.Tensor2D>(middle, linear(hidden, weights.down));
  const feedForwardNorm = inner ?? normalize(total, weights.feedForwardNorm);
  return { y: inner === null ? feedForwardNorm.y : total, attended, attentionNorm, activated, factor, feedForwardNorm };
}

/** dY (B·T, H) → dX, null without `hasInputGradient`, and the prefix's gradient (2, P, W). */
export function layerBackward(
  dy: tf.Tensor2D,
  pass: LayerPass,
  weights: LayerWeights,
  context: PassContext,
  hasInputGradient: boolean,
): { dx: tf.Tensor2D | null; dPrefix: tf.Tensor3D } {
  const isAfter = normsAfter(context.config);
  const dTotal = isAfter ? normalizeGradient(dy, pass.feedForwardNorm, weights.feedForwardNorm) : dy;
  const dInner = contract(linearGradient(dTotal, weights.down), pass, weights);
  const dMiddle = tf.add<tf.Tensor2D>(dTotal, isAfter ? dInner : normalizeGradient(dInner, pass.feedForwardNorm, weights.feedForwardNorm));
  const dSum = isAfter ? normalizeGradient(dMiddle, pass.attentionNorm, weights.attentionNorm) : dMiddle;
  const gradient = attendGradient(linearGradient(dSum, weights.output), pass.attended, context.shape, hasInputGradient);
  if (gradient.dQkv === null) return { dx: null, dPrefix: gradient.dPrefix };
  const { rotation, shape } = context;
  const dQkv = rotation === null ? gradient.dQkv : rotateGradient(gradient.dQkv, rotation, shape);
  const dBranch = linearGradient(dQkv, weights.qkv);
  const dx = tf.add<tf.Tensor2D>(dSum, isAfter ? dBranch : normalizeGradient(dBranch, pass.attentionNorm, weights.attentionNorm));
  return { dx, dPrefix: gradient.dPrefix };
}

function attendRotated(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, context: PassContext): Attended {
  const { rotation, shape, mask } = context;
  return attend(rotation === null ? qkv : rotate(qkv, rotation, shape), prefix, mask, shape);
}

/** H → intermediate: f(up x), or f(gate x) beside up x. */
function expand(x: tf.Tensor2D, weights: LayerWeights, context: PassContext): { activated: Activated; factor: tf.Tensor2D | null } {
  const { activation } = context.config;
  const up = linear(x, weights.up);
  if (weights.gate === null) return { activated: activate(up, activation, context.hasGradient), factor: null };
  return { activated: activate(linear(x, weights.gate), activation, context.hasGradient), factor: up };
}

/** d(input of `down`) → d(input of the feed-forward branch). */
function contract(dHidden: tf.Tensor2D, pass: LayerPass, weights: LayerWeights): tf.Tensor2D {
  const { activated, factor } = pass;
  if (activated.derivative === null) throw new Error("this pass was made without hasGradient");
  if (factor === null || weights.gate === null) return linearGradient(tf.mul(dHidden, activated.derivative), weights.up);
  const dGate = tf.mul<tf.Tensor2D>(tf.mul(dHidden, factor), activated.derivative);
  return tf.add(linearGradient(dGate, weights.gate), linearGradient(tf.mul(dHidden, activated.y), weights.up));
}
