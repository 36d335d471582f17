import type * as tf from "@tensorflow/tfjs-core";
import type { LoraOwn } from "@tutti/core";
import type { AddedProduct, LayerAddition } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { blockGradient } from "../kernels/blockMaps.ts";
import type { AddedExpansion } from "../kernels/feedForward.ts";
import { type InputDropout, inputDropout } from "../kernels/inputDropout.ts";
import { linear, linearGradient } from "../kernels/linear.ts";
import { createAddingTuner, type Unit } from "./additions.ts";
import { besideGradient, besideProduct, type FrozenProduct } from "./frozenProducts.ts";
import { laidOut, tunedLayout } from "./layout.ts";
import { type LoraGroup, loraGroups } from "./loraPlan.ts";
import { uploadResidual } from "./residual.ts";
import { createSparseTuner } from "./sparse.ts";
import type { OwnRanks, Tuner, TunerOptions } from "./tuner.ts";

/** What decides a run's differences, and the dropout of what they read. */
interface LoraSettings extends LoraOwn {
  readonly dropout?: number;
}

/**
 * LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): W x + (alpha / rank) · B A x for matrices of every layer, A (rank, in), B (out, rank);
 * with `alphaOver: rootRank` alpha / √rank (rsLoRA, https://arxiv.org/abs/2312.03732). B starts at zero, so the backbone starts as it is. B A is
 * never formed. Unlike in their code, A starts at normal values instead of uniform ones of that width, and matrices that read the same share
 * its dropout. With ranks of a device's own, each matrix of each layer has its own rank, or no difference, at the scale of the run's rank.
 */
export function createLoraTuner(transformer: Transformer, settings: LoraSettings, own: OwnRanks | null = null): Tuner {
  const { config } = transformer;
  const { dropout = 0 } = settings;
  const layers = loraGroups(config, settings, own?.ranks);
  const numSites = loraGroups(config, settings)[0].length;
  const tuner = createAddingTuner(transformer, {
    layout: own === null ? tunedLayout(config, { method: "lora", ...settings, head: "labelWords" }, 0) : laidOut(own.entries),
    plans: [...new Set(layers.flatMap((groups) => groups.map(({ plan }) => plan)))],
    drawsInputs: dropout > 0,
    addition: (units, layer, options) => {
      const places = layers[layer].map((group, i) => {
        const drop = dropoutAt(layer * numSites + group.site, dropout, options);
        const frozen = options.residual?.layers[layer][group.site] ?? [];
        return additionOf(group, { unit: units[i], drop, isTraining: options.hasGradient, frozen });
      });
      return Object.assign({}, ...places);
    },
  });
  return {
    ...tuner,
    uploadResidual: (params) => uploadResidual(config, settings, params),
    atRanks: (other) => createLoraTuner(transformer, settings, other),
    onElements: (mask) => createSparseTuner(transformer, settings, mask),
  };
}

function dropoutAt(site: number, rate: number, { inputDraws }: TunerOptions): InputDropout | null {
  return inputDraws === undefined || rate === 0 ? null : inputDropout(inputDraws, site, rate);
}

/** The differences of a group in one pass. */
interface Pass {
  readonly unit: Unit;
  readonly drop: InputDropout | null;
  readonly isTraining: boolean;
  /** Frozen differences beside each product. */
  readonly frozen: readonly (FrozenProduct | null)[];
}

function additionOf({ place, products }: LoraGroup, pass: Pass): LayerAddition {
  if (place === "expansion") return { expansion: (x) => lowRankExpansion(x, products, pass) };
  if (place === "queryKeyValue") return { queryKeyValue: (x) => lowRank(x, { numRows: x.shape[0], residual: null }, pass) };
  return { [place]: (x: tf.Tensor2D, numRows: number, residual: tf.Tensor2D | null) => lowRank(x, { numRows, residual }, pass) };
}

interface LowRankCall {
  readonly numRows: number;
  readonly residual: tf.Tensor2D | null;
}

/** B A x + what is frozen beside it + residual. */
function lowRank(x: tf.Tensor2D, { numRows, residual }: LowRankCall, pass: Pass): AddedProduct {
  const { unit, isTraining } = pass;
  const [frozen] = pass.frozen;
  const [, b] = unit.maps;
  const { read, inner } = innerOf(x, numRows, pass);
  return {
    y: linear(inner, b, { isTraining, residual: besideProduct(x, frozen, { numRows, isTraining, residual }) }),
    backward(dy, dResidual, hasInputGradient) {
      const dInner = linearGradient(dy, b, { numRows });
      const uses = [
        { x: read, dy: dInner },
        { x: inner, dy },
      ];
      unit.receive(blockGradient(unit.plan, uses, numRows));
      return hasInputGradient ? inputGradient(dInner, besideGradient(dy, frozen, { numRows, residual: dResidual }), pass) : null;
    },
  };
}

/** B A x for both first products of a feed-forward branch, whose A are one product. */
function lowRankExpansion(x: tf.Tensor2D, products: LoraGroup["products"], pass: Pass): AddedExpansion {
  const { unit, isTraining } = pass;
  const numRows = x.shape[0];
  const { read, inner } = innerOf(x, numRows, pass);
  const [up, gate] = products.map((at, i) => (at === null ? null : { map: unit.maps[at], frozen: pass.frozen[i] }));
  const productOf = (one: typeof up) =>
    one === null
      ? null
      : linear(inner, one.map, { isTraining, residual: besideProduct(x, one.frozen, { numRows, isTraining, residual: null }) });
  return {
    up: productOf(up),
    gate: productOf(gate),
    backward(dUp, dGate, residual) {
      const used = [
        { product: up, dy: dUp },
        { product: gate, dy: dGate },
      ].flatMap(({ product, dy }) => (product === null || dy === null ? [] : [{ ...product, dy }]));
      const dInner = used.reduce<tf.Tensor2D | null>((sum, { map, dy }) => linearGradient(dy, map, { residual: sum }), null);
      if (dInner === null) throw new Error("an expansion with differences has a product with one");
      const uses = [{ x: read, dy: dInner }, ...used.map(({ dy }) => ({ x: inner, dy }))];
      unit.receive(blockGradient(unit.plan, uses, numRows));
      const beside = used.reduce<tf.Tensor2D | null>(
        (sum, { frozen, dy }) => besideGradient(dy, frozen, { numRows, residual: sum }),
        residual,
      );
      return inputGradient(dInner, beside, pass);
    },
  };
}

/** What A reads, and its product. */
function innerOf(x: tf.Tensor2D, numRows: number, { unit, drop, isTraining }: Pass): { read: tf.Tensor2D; inner: tf.Tensor2D } {
  const read = drop === null ? x : drop(x, numRows, null);
  return { read, inner: linear(read, unit.maps[0], { isTraining, numRows }) };
}

/** d(A x) → dx + residual. */
function inputGradient(dInner: tf.Tensor2D, residual: tf.Tensor2D | null, { unit, drop }: Pass): tf.Tensor2D {
  const [a] = unit.maps;
  return drop === null ? linearGradient(dInner, a, { residual }) : drop(linearGradient(dInner, a), dInner.shape[0], residual);
}
