import { createRandom, type LoraOwn, loraMatrices, loraShape, type Params } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import type { Residual } from "../tuning/frozenProducts.ts";
import { backboneSizes } from "../tuning/layout.ts";
import type { Tuner } from "../tuning/tuner.ts";
import { changedBackbone } from "./layerTuners.ts";

/** In which form a residual is sent: as factors, dense, or dense with factors that came later. */
export const residualForms = ["factors", "dense", "both"] as const;
export type ResidualForm = (typeof residualForms)[number];

/** Ranks of factors that differ from matrix to matrix. */
const rankOf = (at: number) => 1 + (at % 3);

/** A residual with normal values beside all matrices of a LoRA with these settings but the last layer's first one. */
export function drawResidual(config: BackboneConfig, settings: LoraOwn, form: ResidualForm, stdDev: number): Params {
  const random = createRandom(17);
  const draw = (name: string, shape: readonly [number, number]) => {
    const stream = random.stream({ purpose: name });
    return [name, { shape, data: Float32Array.from({ length: shape[0] * shape[1] }, () => stdDev * stream.normal()) }] as const;
  };
  const entries = Array.from({ length: config.numLayers }, (_, layer) =>
    loraMatrices(settings).flatMap((matrix, at) => {
      const [numOut, numIn] = loraShape(matrix, backboneSizes(config)) ?? [0, 0];
      if (layer === config.numLayers - 1 && at === 0) return [];
      const base = `residual/${layer}/${matrix.name}`;
      const rank = rankOf(at + layer);
      const thin = form === "dense" ? [] : [draw(`${base}/a`, [rank, numIn]), draw(`${base}/b`, [numOut, rank])];
      return form === "factors" ? thin : [...thin, draw(`${base}/dense`, [numOut, numIn])];
    }),
  ).flat();
  return Object.fromEntries(entries);
}

/** The backbone whose matrices hold the residual, W + scale · (dense + b a), by the definition. */
export function backboneWith(backbone: PackedBackbone, settings: LoraOwn, residual: Params): PackedBackbone {
  return changedBackbone(backbone, (name, data) => {
    const [, layer, tensor] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
    const matrix = loraMatrices(settings).find((one) => one.tensor === tensor);
    if (matrix === undefined) return null;
    const base = `residual/${layer}/${matrix.name}`;
    const { [`${base}/a`]: a, [`${base}/b`]: b, [`${base}/dense`]: dense } = residual;
    const numIn = backbone.tensor(name).shape[1];
    return data.map((value, at) => {
      const [row, column] = [Math.floor(at / numIn), at % numIn];
      let sum = dense?.data[at] ?? 0;
      const rank = a?.shape[0] ?? 0;
      for (let r = 0; r < rank; r++) sum += (b?.data[row * rank + r] ?? 0) * (a?.data[r * numIn + column] ?? 0);
      return value + matrix.scale * sum;
    });
  });
}

/** The tuner with a residual beside it in every pass. */
export function besides(tuner: Tuner, residual: Residual): Tuner {
  return { ...tuner, forward: (values, batch, options) => tuner.forward(values, batch, { ...options, residual }) };
}
