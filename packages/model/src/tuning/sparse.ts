import * as tf from "@tensorflow/tfjs-core";
import { type LoraOwn, loraMatrices } from "@tutti/core";
import type { AddedProduct, LayerAddition } from "../backbone/layer.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { type BlockMap, blockGradient, type MapUse } from "../kernels/blockMaps.ts";
import type { AddedExpansion } from "../kernels/feedForward.ts";
import { linear, linearGradient } from "../kernels/linear.ts";
import { partOf } from "../kernels/rows.ts";
import { createAddingTuner, type LayersPlan, type Unit } from "./additions.ts";
import { joinTuned, laidOut, splitTuned } from "./layout.ts";
import { type LoraGroup, loraGroups } from "./loraPlan.ts";
import { type ElementMask, type Tuner, wholeMethod } from "./tuner.ts";

/**
 * W x + D x for the matrices that LoRA's settings name, D zero but for some elements, which are trained: the first stage of SLoRA. Of a matrix's
 * gradient only their part is kept, a group of matrices at a time, so that optimisers never see the others.
 */
export function createSparseTuner(transformer: Transformer, settings: LoraOwn, { layout, places }: ElementMask): Tuner {
  const { config } = transformer;
  const [groups] = loraGroups(config, settings); // every layer has the same
  const dense = denseGroups(groups, settings, config.numLayers);
  const perLayer = dense.reduce((sum, { plan }) => sum + plan.numValues, 0);
  const units = Array.from({ length: config.numLayers }, (_, layer) => dense.map(({ matrices }) => placesWithin(matrices, layer, places)));
  const all = joined(units.flatMap((ofLayer, layer) => ofLayer.map((own, at) => shifted(own, layer * perLayer + dense[at].first))));
  const inner = createAddingTuner(transformer, {
    layout: laidOut([]),
    plans: dense.map(({ plan }) => plan),
    addition: (whole, layer, { hasGradient }) => {
      const parts = whole.map((unit, at) => additionOf(dense[at], keepingPlaces(unit, units[layer][at]), hasGradient));
      return Object.assign({}, ...parts);
    },
  });
  return {
    readsVector: () => true,
    forward(values, batch, options) {
      const vector = values[wholeMethod];
      const trained = partOf((vector as tf.Tensor1D | undefined) ?? joinTuned(layout, values), 0, all.length);
      const matrices = tf.scatterND<tf.Rank.R1>(tf.tensor2d(all, [all.length, 1], "int32"), trained, [config.numLayers * perLayer]);
      const pass = inner.forward({ [wholeMethod]: matrices }, batch, options);
      matrices.dispose(); // the backend holds them as products read them
      return {
        ...pass,
        backward(dLast) {
          const { [wholeMethod]: gradient } = pass.backward(dLast);
          return vector === undefined ? splitTuned(layout, gradient as tf.Tensor1D) : { [wholeMethod]: gradient };
        },
      };
    },
  };
}

/** The matrices of a layer that read the same, whole, one behind the other. */
interface DenseGroup extends Pick<LoraGroup, "place"> {
  readonly plan: LayersPlan;
  /** Where its values begin among a layer's. */
  readonly first: number;
  /** With where each begins among the group's values. */
  readonly matrices: readonly { readonly name: string; readonly start: number }[];
  /** The map of each product in the plan; null where it has no difference. */
  readonly products: readonly (number | null)[];
}

function denseGroups(groups: readonly LoraGroup[], settings: LoraOwn, numLayers: number): DenseGroup[] {
  const scales = new Map(loraMatrices(settings).map(({ name, scale }) => [name, scale]));
  let first = 0;
  const placed = groups.map(({ place, frozen }) => {
    let numValues = 0;
    const maps: BlockMap[] = [];
    const within: { name: string; start: number }[] = [];
    const products = frozen.map((product) => {
      if (product === null) return null;
      const { numIn, numOut, matrices } = product;
      const blocks = matrices.map(({ name, row, numRows, factor }) => {
        const start = numValues;
        numValues += numRows * numIn;
        within.push({ name, start });
        return { start, row, column: 0, numRows, numColumns: numIn, factor: factor / (scales.get(name) ?? 1) };
      });
      return maps.push({ numIn, numOut, blocks, bias: null }) - 1;
    });
    const at = first;
    first += numValues;
    return { place, maps, numValues, matrices: within, products, first: at };
  });
  return placed.map(({ maps, numValues, ...group }) => ({
    ...group,
    plan: { maps, numValues, numUnits: numLayers, within: { first: group.first, stride: first } },
  }));
}

/** Places of a layer's trained elements among the values of a group of matrices. */
function placesWithin(matrices: DenseGroup["matrices"], layer: number, places: ElementMask["places"]): Int32Array {
  return joined(
    matrices.map(({ name: matrix, start }) => {
      const name = `sparse/${layer}/${matrix}`;
      const found = places.get(name);
      if (found === undefined) throw new Error(`tensor ${name}: missing; there are ${[...places.keys()].join(", ") || "none"}`);
      return shifted(found, start);
    }),
  );
}

function shifted(places: Int32Array, by: number): Int32Array {
  return places.map((place) => place + by);
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The unit as those see it who send it the gradient of whole matrices: of this it keeps some places. */
function keepingPlaces(unit: Unit, places: Int32Array): Unit {
  return {
    ...unit,
    receive(gradient) {
      unit.receive(tf.gather(gradient, tf.tensor1d(places, "int32")));
      gradient.dispose();
    },
  };
}

function additionOf({ place, products }: DenseGroup, unit: Unit, isTraining: boolean): LayerAddition {
  if (place === "expansion") return { expansion: (x) => denseExpansion(x, products, { unit, isTraining }) };
  if (place === "queryKeyValue")
    return { queryKeyValue: (x) => denseProduct(x, { numRows: x.shape[0], residual: null }, { unit, isTraining }) };
  return {
    [place]: (x: tf.Tensor2D, numRows: number, residual: tf.Tensor2D | null) =>
      denseProduct(x, { numRows, residual }, { unit, isTraining }),
  };
}

interface Pass {
  readonly unit: Unit;
  readonly isTraining: boolean;
}

/** D x + residual. */
function denseProduct(
  x: tf.Tensor2D,
  { numRows, residual }: { readonly numRows: number; readonly residual: tf.Tensor2D | null },
  { unit, isTraining }: Pass,
): AddedProduct {
  const [map] = unit.maps;
  return {
    y: linear(x, map, { numRows, isTraining, residual }),
    backward(dy, dResidual, hasInputGradient) {
      unit.receive(blockGradient(unit.plan, [{ x, dy }], numRows));
      return hasInputGradient ? linearGradient(dy, map, { numRows, residual: dResidual }) : null;
    },
  };
}

/** D x for both first products of a feed-forward branch. */
function denseExpansion(x: tf.Tensor2D, products: DenseGroup["products"], { unit, isTraining }: Pass): AddedExpansion {
  const numRows = x.shape[0];
  const mapAt = (product: number) => {
    const at = products[product] ?? null;
    return at === null ? null : unit.maps[at];
  };
  const [up, gate] = [mapAt(0), mapAt(1)];
  return {
    up: up === null ? null : linear(x, up, { isTraining, numRows }),
    gate: gate === null ? null : linear(x, gate, { isTraining, numRows }),
    backward(dUp, dGate, residual) {
      const uses: MapUse[] = [];
      let dx = residual;
      for (const [map, dy] of [
        [up, dUp],
        [gate, dGate],
      ] as const) {
        if (map === null || dy === null) continue;
        uses.push({ x, dy });
        dx = linearGradient(dy, map, { numRows, residual: dx });
      }
      unit.receive(blockGradient(unit.plan, uses, numRows));
      return dx;
    },
  };
}
