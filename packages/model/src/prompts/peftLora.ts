import type { LoraOwn, Params, RunSettings, Tensor } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { type LoraModule, loraModules, nameInLayer, pathIn } from "./peftLoraModules.ts";

type LoraTuning = Extract<RunSettings["tuning"], { method: "lora" }>;

/** The factors of a module as peft scales them: alpha over the rank, or over its root. */
interface ModuleScale {
  readonly rank: number;
  readonly alpha: number;
  /** alpha / rank, or alpha / √rank. */
  readonly scale: number;
}

/**
 * One pair of factors for a module: its rank is the sum of its matrices', its scale that of the first one; the B of another with another scale
 * are multiplied.
 */
export function moduleScale({ parts }: LoraModule, { alphaOver }: LoraOwn): ModuleScale {
  const rank = parts.reduce((sum, { matrix }) => sum + matrix.rank, 0);
  const [{ matrix }] = parts;
  const over = alphaOver === "rootRank" ? Math.sqrt(rank) : rank;
  return { rank, scale: matrix.scale, alpha: parts.length === 1 ? matrix.alpha : matrix.scale * over };
}

/** The fields of adapter_config.json that a LORA adapter has beside the common ones. */
export function loraFields(tuning: LoraTuning, config: BackboneConfig): Readonly<Record<string, unknown>> {
  const inFirstLayer = loraModules(config, tuning).filter(({ layer }) => layer === 0);
  const scales = inFirstLayer.map((module) => ({ key: patternOf(module, config), ...moduleScale(module, tuning) }));
  const differing = (kind: "rank" | "alpha", usual: number) =>
    Object.fromEntries(scales.filter((one) => one[kind] !== usual).map((one) => [one.key, one[kind]]));
  return {
    r: tuning.rank,
    lora_alpha: tuning.alpha,
    rank_pattern: differing("rank", tuning.rank),
    alpha_pattern: differing("alpha", tuning.alpha),
    target_modules: targetModules(inFirstLayer, config),
    lora_dropout: tuning.dropout ?? 0,
    use_rslora: tuning.alphaOver === "rootRank",
    fan_in_fan_out: config.family === "gpt2", // its Conv1D keeps (in, out)
    bias: "none",
    init_lora_weights: true,
    modules_to_save: null,
    use_dora: false,
  };
}

/** `output.dense` of an encoder's layer is the end of `attention.output.dense` too, so that the layer's number must stand in front. */
function needsNumber({ family }: BackboneConfig): boolean {
  return family === "bert" || family === "roberta";
}

function patternOf(module: LoraModule, config: BackboneConfig): string {
  const name = nameInLayer(module);
  return needsNumber(config) ? `\\d+\\.${escaped(name)}` : name;
}

/** A list of name ends, or for encoders an expression for whole names. */
function targetModules(modules: readonly LoraModule[], config: BackboneConfig): string | string[] {
  const names = modules.map(nameInLayer);
  return needsNumber(config) ? `.*\\.layer\\.\\d+\\.(${names.map(escaped).join("|")})` : names;
}

const escaped = (name: string): string => name.replaceAll(".", "\\.");

/** The tensors of adapter_model.safetensors; `isBare` where the body of the model is loaded without a head. */
export function loraTensors(params: Params, tuning: LoraTuning, { config, isBare }: { config: BackboneConfig; isBare: boolean }): Params {
  return Object.fromEntries(
    loraModules(config, tuning).flatMap((module) => {
      const { a, b } = joined(module, params, tuning);
      const place = `base_model.model.${pathIn(module, config, isBare)}`;
      return [
        [`${place}.lora_A.weight`, a],
        [`${place}.lora_B.weight`, b],
      ];
    }),
  );
}

/** A of all parts one above the other; B of each at its own rows and columns, zero elsewhere. */
function joined(module: LoraModule, params: Params, tuning: LoraTuning): { a: Tensor; b: Tensor } {
  const { numIn, numOut, layer } = module;
  const { rank, scale } = moduleScale(module, tuning);
  const [a, b] = [new Float32Array(rank * numIn), new Float32Array(numOut * rank)];
  let first = 0;
  for (const { matrix, firstOutput } of module.parts) {
    const own = factorsOf(params, `lora/${layer}/${matrix.name}`);
    a.set(own.a, first * numIn);
    const factor = matrix.scale / scale;
    own.b.forEach((value, i) => {
      b[(firstOutput + Math.floor(i / matrix.rank)) * rank + first + (i % matrix.rank)] = factor * value;
    });
    first += matrix.rank;
  }
  return { a: { shape: [rank, numIn], data: a }, b: { shape: [numOut, rank], data: b } };
}

function factorsOf(params: Params, name: string): { a: Float32Array; b: Float32Array } {
  const [a, b] = [params[`${name}/a`], params[`${name}/b`]];
  if (a === undefined || b === undefined) {
    throw new Error(`tensor ${name}/${a === undefined ? "a" : "b"}: missing; there are ${Object.keys(params).join(", ") || "none"}`);
  }
  return { a: a.data, b: b.data };
}
