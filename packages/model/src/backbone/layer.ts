import type * as tf from "@tensorflow/tfjs-core";
import { attend, attendGradient } from "../kernels/attention.ts";
import type { Attended, AttentionShape, Visibility } from "../kernels/attentionShape.ts";
import { type ActivatedProduct, type AddedExpansion, contractGradient, expand } from "../kernels/feedForward.ts";
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

/** What a tuning method adds to a layer; its gradients go their own way. */
export interface LayerAddition {
  /** What the first product reads (rows, H) → what is added to queries, keys and values. */
  readonly queryKeyValue?: (x: tf.Tensor2D) => AddedProduct;
  /** What attention's output product reads, which more rows may follow → what is added to the product, plus the residual. */
  readonly outputProduct?: (x: tf.Tensor2D, numRows: number, residual: tf.Tensor2D | null) => AddedProduct;
  /** What the feed-forward branch reads (rows, H) → what is added to its first products, before the activation. */
  readonly expansion?: (x: tf.Tensor2D) => AddedExpansion;
  /** What the feed-forward branch's second product reads, which more rows may follow → what is added to the product, plus the residual. */
  readonly contraction?: (x: tf.Tensor2D, numRows: number, residual: tf.Tensor2D | null) => AddedProduct;
  /** What attention's output product made → its sum with the residual. */
  readonly attentionOutput?: (output: tf.Tensor2D, residual: tf.Tensor2D) => AddedSum;
  /** What the feed-forward branch made → its sum with the residual. */
  readonly feedForward?: (output: tf.Tensor2D, residual: tf.Tensor2D) => AddedSum;
}

/** A product beside the frozen one. */
export interface AddedProduct {
  /** (rows, out). */
  readonly y: tf.Tensor2D;
  /** dY → its part of dX, plus the residual; null, too, without `hasInputGradient`. */
  backward(dy: tf.Tensor2D, residual: tf.Tensor2D | null, hasInputGradient: boolean): tf.Tensor2D | null;
}

/** A sum with more in it. */
export interface AddedSum {
  /** (rows, H). */
  readonly sum: tf.Tensor2D;
  /** d sum → d output. */
  backward(dSum: tf.Tensor2D): tf.Tensor2D;
}

/** One layer's result (rows, H), with what its gradient needs. */
export interface LayerPass {
  readonly y: tf.Tensor2D;
  readonly attended: Attended;
  readonly attentionNorm: Normed;
  readonly hidden: ActivatedProduct;
  readonly feedForwardNorm: Normed;
  readonly added: Added;
}

/** What a method added to a layer, where it did. */
interface Added {
  readonly product: AddedProduct | null;
  readonly outputProduct: AddedProduct | null;
  readonly output: AddedSum | null;
  readonly expansion: AddedExpansion | null;
  readonly contraction: AddedProduct | null;
  readonly feedForward: AddedSum | null;
}

/** Encoders normalise after each residual sum, decoders before each branch. */
function normsAfter(config: BackboneConfig): boolean {
  return !config.isCausal;
}

/** x (rows, H) through one layer, with a prefix (2, P, W) in front of its keys and values, and with what a tuning method adds to it. */
export function layerForward(
  x: tf.Tensor2D,
  prefix: tf.Tensor3D | null,
  weights: LayerWeights,
  context: PassContext,
  addition: LayerAddition = {},
): LayerPass {
  const numRows = x.shape[0];
  const { hasGradient, config } = context;
  const isAfter = normsAfter(config);
  const call = { numRows, isTraining: hasGradient };
  const before = isAfter ? null : normalize(x, weights.attentionNorm);
  const outer = before?.y ?? x;
  const product = addition.queryKeyValue?.(outer) ?? null;
  const qkv = linear(outer, weights.qkv, { isTraining: hasGradient, residual: product?.y ?? null });
  const attended = attendRotated(qkv, prefix, context);
  const isOutputSummed = addition.attentionOutput === undefined;
  const outputProduct = addition.outputProduct?.(attended.y, numRows, isOutputSummed ? x : null) ?? null;
  const outputBase = outputProduct?.y ?? (isOutputSummed ? x : null);
  const attentionOutput = linear(attended.y, weights.output, { ...call, residual: outputBase });
  const output = addition.attentionOutput?.(attentionOutput, x) ?? null;
  const sum = output?.sum ?? attentionOutput;
  const attentionNorm = before ?? normalize(sum, weights.attentionNorm);
  const middle = before === null ? attentionNorm.y : sum;
  const inner = isAfter ? null : normalize(middle, weights.feedForwardNorm);
  const expansion = addition.expansion?.(inner?.y ?? middle) ?? null;
  const hidden = expand(inner?.y ?? middle, weights.expansion, { activation: config.activation, numRows, hasGradient, added: expansion });
  const isBranchSummed = addition.feedForward === undefined;
  const contraction = addition.contraction?.(hidden.y, numRows, isBranchSummed ? middle : null) ?? null;
  const branchBase = contraction?.y ?? (isBranchSummed ? middle : null);
  const contracted = linear(hidden.y, weights.down, { ...call, residual: branchBase });
  const feedForward = addition.feedForward?.(contracted, middle) ?? null;
  const total = feedForward?.sum ?? contracted;
  const feedForwardNorm = inner ?? normalize(total, weights.feedForwardNorm);
  const added = { product, outputProduct, output, expansion, contraction, feedForward };
  return { y: inner === null ? feedForwardNorm.y : total, attended, attentionNorm, hidden, feedForwardNorm, added };
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
  const { product, outputProduct, output, expansion, contraction, feedForward } = pass.added;
  const dContracted = feedForward?.backward(dTotal) ?? dTotal;
  const dHidden = contraction?.backward(dContracted, null, true) ?? null;
  const dInner = contractGradient(dContracted, pass.hidden, weights, { residual: isAfter ? dTotal : null, expansion, dHidden });
  const dMiddle = isAfter ? dInner : normalizeGradient(dInner, pass.feedForwardNorm, weights.feedForwardNorm, dTotal);
  const dSum = isAfter ? normalizeGradient(dMiddle, pass.attentionNorm, weights.attentionNorm) : dMiddle;
  const { rotation, shape, seen } = context;
  const dOutput = output?.backward(dSum) ?? dSum;
  const hasQkvGradient = hasInputGradient || product !== null;
  if (!hasQkvGradient && pass.attended.prefix === null) {
    outputProduct?.backward(dOutput, null, false);
    return { dx: null, dPrefix: null };
  }
  const wanted = { shape, hasInputGradient: hasQkvGradient };
  const dFrozen = linearGradient(dOutput, weights.output);
  const dAttended = outputProduct?.backward(dOutput, dFrozen, true) ?? dFrozen;
  const gradient = attendGradient(dAttended, pass.attended, seen, wanted);
  if (gradient.dQkv === null) return { dx: null, dPrefix: gradient.dPrefix };
  const dQkv = rotation === null ? gradient.dQkv : rotateGradient(gradient.dQkv, rotation, shape);
  const beside = isAfter ? dSum : null;
  const residual = product === null ? beside : product.backward(dQkv, beside, hasInputGradient);
  if (!hasInputGradient) return { dx: null, dPrefix: gradient.dPrefix };
  const dBranch = linearGradient(dQkv, weights.qkv, { residual });
  const dx = isAfter ? dBranch : normalizeGradient(dBranch, pass.attentionNorm, weights.attentionNorm, dSum);
  return { dx, dPrefix: gradient.dPrefix };
}

function attendRotated(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, context: PassContext): Attended {
  const { rotation, shape, seen, hasGradient } = context;
  return attend(rotation === null ? qkv : rotate(qkv, rotation, shape), prefix, seen, { shape, hasGradient });
}
