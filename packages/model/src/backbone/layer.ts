import type * as tf from "@tensorflow/tfjs-core";
import { attend, attendGradient } from "../kernels/attention.ts";
import type { Attended, AttentionShape, Visibility } from "../kernels/attentionShape.ts";
import { type ActivatedProduct, contractGradient, expand } from "../kernels/feedForward.ts";
import { linear, linearGradient } from "../kernels/linear.ts";
import { type Normed, normalize, normalizeGradient } from "../kernels/norm.ts";
import { type Rotation, rotate, rotateGradient } from "../kernels/rotary.ts";
import type { BackboneConfig } from "./config.ts";
import type { LayerWeights } from "./weights.ts";

/** What all layers of one pass share. */
export interface PassContext {
  readonly config: BackboneConfig;
  readonly shape: AttentionShape;
  readonly seen: Visibility;
  readonly rotation: Rotation | null;
  readonly hasGradient: boolean;
}

/** One layer's result (rows, H), with what its gradient needs. */
export interface LayerPass {
  readonly y: tf.Tensor2D;
  readonly attended: Attended;
  readonly attentionNorm: Normed;
  readonly hidden: ActivatedProduct;
  readonly feedForwardNorm: Normed;
}

/** Encoders normalise after each residual sum, decoders before each branch. */
function normsAfter(config: BackboneConfig): boolean {
  return !config.isCausal;
}

/** x (rows, H) through one layer, with a prefix (2, P, W) in front of its keys and values. */
export function layerForward(x: tf.Tensor2D, prefix: tf.Tensor3D | null, weights: LayerWeights, context: PassContext): LayerPass {
  const numRows = x.shape[0];
  const { hasGradient, config } = context;
  const isAfter = normsAfter(config);
  const before = isAfter ? null : normalize(x, weights.attentionNorm);
  const attended = attendRotated(linear(before?.y ?? x, weights.qkv, { isTraining: hasGradient }), prefix, context);
  const sum = linear(attended.y, weights.output, { numRows, residual: x, isTraining: hasGradient });
  const attentionNorm = before ?? normalize(sum, weights.attentionNorm);
  const middle = before === null ? attentionNorm.y : sum;
  const inner = isAfter ? null : normalize(middle, weights.feedForwardNorm);
  const hidden = expand(inner?.y ?? middle, weights.expansion, { activation: config.activation, numRows, hasGradient });
  const total = linear(hidden.y, weights.down, { numRows, residual: middle, isTraining: hasGradient });
  const feedForwardNorm = inner ?? normalize(total, weights.feedForwardNorm);
  return { y: inner === null ? feedForwardNorm.y : total, attended, attentionNorm, hidden, feedForwardNorm };
}

/** dY (rows, H) → dX, null without `hasInputGradient`, and the prefix's gradient (2, P, W), null without a prefix. */
export function layerBackward(
  dy: tf.Tensor2D,
  pass: LayerPass,
  weights: LayerWeights,
  context: PassContext,
  hasInputGradient: boolean,
): { dx: tf.Tensor2D | null; dPrefix: tf.Tensor3D | null } {
  const isAfter = normsAfter(context.config);
  const dTotal = isAfter ? normalizeGradient(dy, pass.feedForwardNorm, weights.feedForwardNorm) : dy;
  const dInner = contractGradient(dTotal, pass.hidden, weights, isAfter ? dTotal : null);
  const dMiddle = isAfter ? dInner : normalizeGradient(dInner, pass.feedForwardNorm, weights.feedForwardNorm, dTotal);
  const dSum = isAfter ? normalizeGradient(dMiddle, pass.attentionNorm, weights.attentionNorm) : dMiddle;
  const { rotation, shape, seen } = context;
  const gradient = attendGradient(linearGradient(dSum, weights.output), pass.attended, seen, { shape, hasInputGradient });
  if (gradient.dQkv === null) return { dx: null, dPrefix: gradient.dPrefix };
  const dQkv = rotation === null ? gradient.dQkv : rotateGradient(gradient.dQkv, rotation, shape);
  const dBranch = linearGradient(dQkv, weights.qkv, { residual: isAfter ? dSum : null });
  const dx = isAfter ? dBranch : normalizeGradient(dBranch, pass.attentionNorm, weights.attentionNorm, dSum);
  return { dx, dPrefix: gradient.dPrefix };
}

function attendRotated(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, context: PassContext): Attended {
  const { rotation, shape, seen, hasGradient } = context;
  return attend(rotation === null ? qkv : rotate(qkv, rotation, shape), prefix, seen, { shape, hasGradient });
}
