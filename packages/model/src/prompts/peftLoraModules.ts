import { type LoraMatrix, type LoraOwn, type LoraTarget, loraMatrices } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { bodyPrefixes, type TensorName, tensorNames } from "../backbone/tensorNames.ts";

/** A matrix of ours within a module of Hugging Face's model. */
export interface LoraPart {
  readonly matrix: LoraMatrix;
  readonly numOut: number;
  /** The first of its rows among the module's results. */
  readonly firstOutput: number;
}

/** A module of Hugging Face's model with the differences of ours that lie in it: of GPT-2's c_attn up to three, else one. */
export interface LoraModule {
  readonly layer: number;
  /** Its names, the whole model's first. */
  readonly paths: readonly string[];
  readonly numIn: number;
  readonly numOut: number;
  readonly parts: readonly LoraPart[];
}

/** The modules of all layers that have differences with these settings, in the order of a run's parameters. */
export function loraModules(config: BackboneConfig, own: LoraOwn): LoraModule[] {
  const tensors = new Map(tensorNames(config).map((tensor) => [tensor.name, tensor]));
  const modules = new Map<string, LoraModule>();
  for (let layer = 0; layer < config.numLayers; layer++) {
    for (const matrix of loraMatrices(own)) {
      const tensor = tensors.get(`layers.${layer}.${matrix.tensor}.weight`);
      if (tensor === undefined) throw new Error(`a backbone of the family ${config.family} has no ${matrix.target} matrix`);
      const known = modules.get(tensor.sources[0]) ?? moduleOf(tensor, layer);
      const part = { matrix, numOut: tensor.shape[0], firstOutput: tensor.firstOutput };
      modules.set(tensor.sources[0], { ...known, parts: [...known.parts, part] });
    }
  }
  return [...modules.values()];
}

/** The targets that a backbone of this configuration has. */
export function targetsOf(config: BackboneConfig): LoraTarget[] {
  const names = new Set(tensorNames(config).map(({ name }) => name));
  const all: LoraTarget[] = ["q", "k", "v", "o", "up", "gate", "down"];
  return loraMatrices({ rank: 1, alpha: 1, targets: all }).flatMap(({ target, tensor }) =>
    names.has(`layers.0.${tensor}.weight`) ? [target] : [],
  );
}

function moduleOf({ sources, sourceShape, isTransposed }: TensorName, layer: number): LoraModule {
  const [numOut, numIn] = isTransposed ? [sourceShape[1], sourceShape[0]] : sourceShape;
  return { layer, paths: sources.map((source) => source.slice(0, -".weight".length)), numIn, numOut, parts: [] };
}

/** The module's name in the whole model, or in its bare body. */
export function pathIn({ paths: [path] }: LoraModule, { family }: BackboneConfig, isBare: boolean): string {
  const prefix = bodyPrefixes[family];
  return isBare && path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

/** What follows the layer's number in the module's name, such as `attn.c_attn`. */
export function nameInLayer({ paths: [path], layer }: LoraModule): string {
  const mark = `.${layer}.`;
  return path.slice(path.indexOf(mark) + mark.length);
}
