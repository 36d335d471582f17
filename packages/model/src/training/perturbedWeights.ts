import { addSigns, type Movement, moveAtOnce, type Params, perturbedOffsets, pickNames, shapesOf, type Tensor } from "@tutti/core";
import { layerForward } from "../backbone/layer.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { disposeLayer, loadLayer, loadNorm } from "../backbone/weights.ts";
import { disposeNorm, normalize } from "../kernels/norm.ts";
import { laidOut } from "../tuning/layout.ts";
import { tokenRows } from "../tuning/prefix.ts";
import type { Tuner } from "../tuning/tuner.ts";
import type { Tuned } from "./gradient.ts";
import { meanLoss } from "./meanLoss.ts";
import type { PerturbedModel } from "./seedTraining.ts";

/** What full tuning changes of a backbone's weight, by the weight's name. */
const tunedName = (name: string) => `full/${name}`;

/**
 * All weights of the layers, W + Δ + amount · z, of which never more than one layer stands beside W and Δ: each is made when it computes and released. `start` holds Δ
 * and is moved in place, so that there is no second one either; `restore` takes all movements back, exactly as long as Δ is on the grid.
 */
export function perturbedWeights(tuned: Tuned, backbone: PackedBackbone, start: Params): PerturbedModel {
  const offsets = perturbedOffsets(shapesOf(start));
  const headEntries = tuned.layout.entries.filter(({ name }) => !name.startsWith(tunedName("")));
  const headNames = headEntries.map(({ name }) => name);
  const layout = laidOut(headEntries);
  const moved: Movement[] = [];
  return {
    lossAt(movement, examples, signal) {
      const weights = perturbedBackbone(backbone, start, { movement, offsets });
      const head = perturbedHead(pickNames(start, headNames), { movement, offsets });
      return meanLoss({ ...tuned, layout, tuner: layeredTuner(tuned.transformer, weights) }, head, examples, signal);
    },
    move(movement) {
      moveAtOnce(start, [movement]);
      moved.push(movement);
    },
    restore() {
      moveAtOnce(
        start,
        moved.splice(0).map(({ seed, amount }) => ({ seed, amount: -amount })),
      );
    },
  };
}

interface Perturbation {
  readonly movement: Movement;
  /** Of all tuned parameters, by name. */
  readonly offsets: Readonly<Record<string, number>>;
}

/** W + (Δ + amount · z): the sum in brackets first, which is exact on the grid, and then one that is rounded to f32. */
export function perturbedBackbone(backbone: PackedBackbone, deltas: Params, { movement, offsets }: Perturbation): PackedBackbone {
  return {
    ...backbone,
    tensor(name): Tensor {
      const frozen = backbone.tensor(name);
      const delta = deltas[tunedName(name)];
      if (delta === undefined) return frozen;
      const sum = delta.data.slice();
      addSigns(sum, movement.amount, { seed: movement.seed, offset: offsets[tunedName(name)] ?? 0 });
      const { shape, data } = frozen;
      for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + (sum[i] ?? 0); // unpacked for this call alone
      return { shape, data };
    },
  };
}

/** A trained head, moved. */
export function perturbedHead(head: Params, { movement, offsets }: Perturbation): Params {
  return Object.fromEntries(
    Object.entries(head).map(([name, { shape, data }]) => {
      const tried = data.slice();
      addSigns(tried, movement.amount, { seed: movement.seed, offset: offsets[name] ?? 0 });
      return [name, { shape, data: tried }];
    }),
  );
}

/** The backbone's own pass with these weights, a layer at a time; without gradient. */
function layeredTuner(transformer: Transformer, weights: PackedBackbone): Tuner {
  const { numLayers } = transformer.config;
  return {
    forward(_, batch, { hasGradient, past }) {
      if (hasGradient) throw new Error("weights that are made layer by layer have no gradient");
      const { x, context } = transformer.start(batch, { prefixes: null, firstPosition: past?.position ?? 0, hasGradient, past });
      const states = [x];
      for (let index = 0; index < numLayers; index++) {
        const layer = loadLayer(weights, index, "unpacked");
        states.push(layerForward(states[index] ?? x, null, layer, context).y);
        disposeLayer(layer);
      }
      const last = normedState(states[numLayers] ?? x, weights);
      return { ...tokenRows(batch, states), last, states, backward: () => ({}) };
    },
  };
}

function normedState(state: Parameters<typeof normalize>[0], weights: PackedBackbone) {
  if (!weights.has("norm.weight")) return state;
  const norm = loadNorm(weights, "norm");
  const { y } = normalize(state, norm);
  disposeNorm(norm);
  return y;
}
