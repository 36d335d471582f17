import * as tf from "@tensorflow/tfjs-core";
import { type Activated, type Activation, activate } from "./activation.ts";
import { hasFused, runFused } from "./fusedKernels.ts";
import { type Linear, linear, linearGradient } from "./linear.ts";
import { type PackedLinear, packedLinear, packedLinearGradient } from "./packedLinear.ts";

/** The first product of a feed-forward branch: f(up x); f(gate x) ⊙ up x; or the latter from one packed matrix with rows gate₀, up₀, gate₁, …. */
export type Expansion =
  | { readonly kind: "plain"; readonly up: Linear }
  | { readonly kind: "gated"; readonly gate: Linear; readonly up: Linear }
  | { readonly kind: "interleaved"; readonly gateUp: PackedLinear };

/** f(product) (rows, width), with what the gradient needs. */
export interface ActivatedProduct {
  /** From a packed product followed by what the gradient multiplies with. */
  readonly y: tf.Tensor2D;
  /** f′, where it does not follow y. */
  readonly activated: Activated | null;
  /** SwiGLU: the factor that is not activated, where it does not follow y. */
  readonly factor: tf.Tensor2D | null;
}

interface ActivatedOptions {
  readonly activation: Activation;
  readonly numRows: number;
  readonly hasGradient: boolean;
}

/** What is added to a branch's first products before the activation; its gradients go their own way. */
export interface AddedExpansion {
  /** (numRows, width); null where nothing is added. */
  readonly up: tf.Tensor2D | null;
  readonly gate: tf.Tensor2D | null;
  /** The gradients of both products, `gate` null where the branch has none → their part of d(input of the branch), plus the residual. */
  backward(dUp: tf.Tensor2D, dGate: tf.Tensor2D | null, residual: tf.Tensor2D): tf.Tensor2D;
}

/** f(x · Wᵀ + b + residual) of x's first rows. */
export function activatedLinear(
  x: tf.Tensor2D,
  map: Linear,
  { activation, numRows, hasGradient, residual = null }: ActivatedOptions & { readonly residual?: tf.Tensor2D | null },
): ActivatedProduct {
  if (map.layout === "packed") {
    return { y: packedLinear(x, map, { numRows, residual, epilogue: activation, hasTail: hasGradient }), activated: null, factor: null };
  }
  const activated = activate(linear(x, map, { numRows, residual }), activation, hasGradient);
  return { y: activated.y, activated, factor: null };
}

/** d f(z) (rows, width) → dz. */
export function activationGradient(dy: tf.Tensor2D, { y, activated }: ActivatedProduct): tf.Tensor2D {
  if (activated !== null) return tf.mul(dy, derivativeOf(activated));
  if (hasFused("TuttiTimesTail")) return runFused("TuttiTimesTail", { d: dy, kept: y }, {})[0] as tf.Tensor2D;
  return tf.mul(dy, tf.slice2d(y, [dy.shape[0], 0], dy.shape));
}

/** dY of what `down` made of an activated product → d of the product before its activation. */
export function productGradient(dy: tf.Tensor2D, product: ActivatedProduct, down: Linear): tf.Tensor2D {
  return product.activated === null
    ? throughDown(dy, product, { down, epilogue: "activation", numRows: dy.shape[0] })
    : linearGradientTimes(dy, down, product.activated);
}

/** The branch's first product, activated. */
export function expand(
  x: tf.Tensor2D,
  expansion: Expansion,
  { added = null, ...options }: ActivatedOptions & { readonly added?: AddedExpansion | null },
): ActivatedProduct {
  const { numRows, hasGradient, activation } = options;
  if (expansion.kind === "plain") return activatedLinear(x, expansion.up, { ...options, residual: added?.up ?? null });
  if (expansion.kind === "interleaved") {
    const residual = added === null ? null : inTurn(added);
    return {
      y: packedLinear(x, expansion.gateUp, { numRows, residual, epilogue: "swiglu", hasTail: hasGradient }),
      activated: null,
      factor: null,
    };
  }
  const activated = activate(linear(x, expansion.gate, { numRows, residual: added?.gate ?? null }), activation, hasGradient);
  const factor = linear(x, expansion.up, { numRows, residual: added?.up ?? null });
  return { y: tf.mul(activated.y, factor), activated, factor };
}

/** (rows, width) of gate and up → gate₀, up₀, gate₁, … (rows, 2 · width); what is missing is 0. */
function inTurn({ up, gate }: Pick<AddedExpansion, "up" | "gate">): tf.Tensor2D | null {
  const one = up ?? gate;
  if (one === null) return null;
  const [rows, width] = one.shape;
  return tf.reshape(tf.stack([gate ?? tf.zerosLike(one), up ?? tf.zerosLike(one)], 2), [rows, 2 * width]);
}

/** A product of the expansion, and the gradient of its result. */
interface ExpandedGradient {
  readonly map: Linear;
  readonly dz: tf.Tensor2D;
}

/** Both matrices of the branch. */
interface Branch {
  readonly expansion: Expansion;
  readonly down: Linear;
}

/** What is added on the way back through a branch. */
interface ContractOptions {
  /** Added to d(input of the branch). */
  readonly residual?: tf.Tensor2D | null;
  /** What was added to the first products. */
  readonly expansion?: AddedExpansion | null;
  /** (rows, width), another part of the gradient of what `down` read. */
  readonly dHidden?: tf.Tensor2D | null;
}

/** dY (rows, H), of what `down` made of the expansion → d(input of the branch) + residual. */
export function contractGradient(
  dy: tf.Tensor2D,
  product: ActivatedProduct,
  branch: Branch,
  { residual = null, expansion = null, dHidden = null }: ContractOptions = {},
): tf.Tensor2D {
  const gradients = expansionGradients(dy, product, branch, { dHidden });
  const dx = gradients.reduce<tf.Tensor2D | null>(
    (sum, { map, dz }) => linearGradient(dz, map, { residual: sum }),
    residual,
  ) as tf.Tensor2D;
  if (expansion === null) return dx;
  const [dUp, dGate] = branch.expansion.kind === "interleaved" ? apart(gradients[0].dz) : [gradients[0].dz, gradients[1]?.dz ?? null];
  return expansion.backward(dUp, dGate, dx);
}

/** gate₀, up₀, gate₁, … (rows, 2 · width) → (rows, width) of up and of gate. */
function apart(pairs: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const [rows, width] = pairs.shape;
  const [gate, up] = tf.unstack(tf.reshape(pairs, [rows, width / 2, 2]), 2) as tf.Tensor2D[];
  return [up, gate];
}

interface ExpansionGradientOptions {
  readonly numRows?: number;
  /** (numRows, width), another part of the gradient of what `down` read. */
  readonly dHidden?: tf.Tensor2D | null;
}

/** dY (at least numRows, H) → the gradients of the expansion's products: of one, or of `up` and `gate`. */
export function expansionGradients(
  dy: tf.Tensor2D,
  product: ActivatedProduct,
  { expansion, down }: Branch,
  { numRows = dy.shape[0], dHidden: added = null }: ExpansionGradientOptions = {},
): readonly [ExpandedGradient, ...ExpandedGradient[]] {
  const { activated, factor } = product;
  if (expansion.kind === "interleaved") {
    return [{ map: expansion.gateUp, dz: throughDown(dy, product, { down, epilogue: "swiglu", numRows, added }) }];
  }
  if (expansion.kind === "plain" && activated === null) {
    return [{ map: expansion.up, dz: throughDown(dy, product, { down, epilogue: "activation", numRows, added }) }];
  }
  if (expansion.kind === "plain" && activated !== null && added === null)
    return [{ map: expansion.up, dz: linearGradientTimes(dy, down, activated, numRows) }];
  const dHidden = linearGradient(dy, down, { numRows, residual: added });
  if (expansion.kind === "plain") return [{ map: expansion.up, dz: activationGradient(dHidden, product) }];
  if (activated === null || factor === null) throw new Error("a gated expansion keeps both its factors");
  const dGate = tf.mul<tf.Tensor2D>(tf.mul(dHidden, factor), derivativeOf(activated));
  return [
    { map: expansion.up, dz: tf.mul(dHidden, activated.y) },
    { map: expansion.gate, dz: dGate },
  ];
}

/** dY through `down` and an activation that was kept beside its product. */
function linearGradientTimes(dy: tf.Tensor2D, down: Linear, activated: Activated, numRows: number = dy.shape[0]): tf.Tensor2D {
  const derivative = derivativeOf(activated);
  return down.layout === "packed"
    ? tf.mul(linearGradient(dy, down, { numRows }), derivative)
    : linearGradient(dy, down, { numRows, factor: derivative });
}

interface ThroughDown {
  readonly down: Linear;
  readonly epilogue: "activation" | "swiglu";
  readonly numRows: number;
  /** Added to the gradient of what `down` read. */
  readonly added?: tf.Tensor2D | null;
}

/** dY through `down` and the activation, in one product where nothing is added; `down` may be unpacked though the expansion is not. */
function throughDown(dy: tf.Tensor2D, product: ActivatedProduct, { down, epilogue, numRows, added = null }: ThroughDown): tf.Tensor2D {
  const { y } = product;
  if (down.layout === "packed" && added === null) return packedLinearGradient(dy, down, { numRows, epilogue, kept: y });
  const dHidden = linearGradient(dy, down, { numRows, residual: added });
  const width = y.shape[1];
  if (epilogue === "activation") return activationGradient(dHidden, product);
  const factors = tf.reshape(tf.slice2d(y, [numRows, 0], [2 * numRows, width]), [numRows, width, 2]);
  return tf.reshape(tf.mul(tf.expandDims(dHidden, 2), factors), [numRows, 2 * width]);
}

function derivativeOf({ derivative }: Activated): tf.Tensor2D {
  if (derivative === null) throw new Error("this pass was made without hasGradient");
  return derivative;
}
