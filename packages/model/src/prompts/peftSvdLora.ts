import { loraMatrices, type Params, type RunSettings, type Tensor } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { type LoraModule, type LoraPart, loraModules, nameInLayer, pathIn } from "./peftLoraModules.ts";
import { factorsOf } from "./svdComponents.ts";

type SvdTuning = Extract<RunSettings["tuning"], { method: "svdLora" }>;

/** A matrix in a module, with what is alive of its difference as LoRA's factors. */
interface LivingPart extends LoraPart {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** A module of the model with the components that are alive in it. */
interface LivingModule {
  readonly module: LoraModule;
  readonly parts: readonly LivingPart[];
  readonly rank: number;
}

/** The modules that have components left; others are no part of an adapter. */
function livingModules(params: Params, tuning: SvdTuning, config: BackboneConfig): LivingModule[] {
  return loraModules(config, tuning).flatMap((module) => {
    const parts = module.parts.flatMap((part): LivingPart[] => {
      const found = factorsOf(params, `svdLora/${module.layer}/${part.matrix.name}`);
      return found === null ? [] : [{ ...part, ...found }];
    });
    const rank = parts.reduce((sum, { a }) => sum + a.shape[0], 0);
    return rank === 0 ? [] : [{ module, parts, rank }];
  });
}

/** The fields of adapter_config.json of an adapter whose modules each have the components that are left of them: all at the run's scale. */
export function svdFields(params: Params, tuning: SvdTuning, config: BackboneConfig): Readonly<Record<string, unknown>> {
  const modules = livingModules(params, tuning, config).map(({ module, rank }) => ({
    name: `${module.layer}.${nameInLayer(module)}`,
    rank,
  }));
  const scale = loraMatrices(tuning)[0].scale;
  const patternOf = (name: string) => name.replaceAll(".", "\\.");
  return {
    r: tuning.rank,
    lora_alpha: tuning.alpha,
    rank_pattern: Object.fromEntries(modules.map(({ name, rank }) => [patternOf(name), rank])),
    alpha_pattern: Object.fromEntries(modules.map(({ name, rank }) => [patternOf(name), scale * rank])),
    target_modules: modules.map(({ name }) => name),
    lora_dropout: 0,
    use_rslora: false,
    fan_in_fan_out: config.family === "gpt2", // its Conv1D keeps (in, out)
    bias: "none",
    init_lora_weights: true,
    modules_to_save: null,
    use_dora: false,
  };
}

/** The tensors of adapter_model.safetensors; `isBare` where the body of the model is loaded without a head. */
export function svdTensors(params: Params, tuning: SvdTuning, { config, isBare }: { config: BackboneConfig; isBare: boolean }): Params {
  return Object.fromEntries(
    livingModules(params, tuning, config).flatMap((living) => {
      const { a, b } = joined(living);
      const place = `base_model.model.${pathIn(living.module, config, isBare)}`;
      return [
        [`${place}.lora_A.weight`, a],
        [`${place}.lora_B.weight`, b],
      ];
    }),
  );
}

/** A of all parts one above the other; B of each at its own rows and columns, zero elsewhere. */
function joined({ module: { numIn, numOut }, parts, rank }: LivingModule): { a: Tensor; b: Tensor } {
  const [a, b] = [new Float32Array(rank * numIn), new Float32Array(numOut * rank)];
  let first = 0;
  for (const { firstOutput, ...own } of parts) {
    const [size] = own.a.shape;
    a.set(own.a.data, first * numIn);
    for (const [i, value] of own.b.data.entries()) b[(firstOutput + Math.floor(i / size)) * rank + first + (i % size)] = value;
    first += size;
  }
  return { a: { shape: [rank, numIn], data: a }, b: { shape: [numOut, rank], data: b } };
}
