import { type LoraOwn, loraMatrices, type Params, type RunSettings, residualPrefix, type Tensor } from "@tutti/core";
import { checkpointChunks, type WritableBackbone } from "../backbone/checkpointTensors.ts";
import { hubConfigText } from "../backbone/hubConfigText.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { writeSafetensors } from "../backbone/safetensors.ts";
import { mergedReadme } from "./peftReadme.ts";
import { describeRun, type TunedPrompts } from "./promptsFile.ts";
import { factorsOf } from "./svdComponents.ts";

type Tuning = RunSettings["tuning"];

/** The files of a merged folder; the tokenizer's only where the backbone has them, the head only where the run trained one. */
const mergedFiles = {
  config: "config.json",
  weights: "model.safetensors",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
  head: "head.safetensors",
  readme: "README.md",
} as const;

/** A tensor of the backbone with what was trained added to it. */
interface Merge<Own> {
  added(name: string, tensor: Tensor, own: Own, params: Params): Tensor;
}

/** Why what a method trains cannot become weights of the backbone. */
interface NoMerge {
  readonly reason: string;
}

const inFront: NoMerge = { reason: "its prompts are read in front of the text, and no weight of the model can hold them" };

/** How what a method trained becomes weights of the backbone, or why it cannot. */
const merges: { readonly [Name in Tuning["method"]]: Merge<Extract<Tuning, { readonly method: Name }>> | NoMerge } = {
  lora: { added: addedLora },
  full: { added: addedFull },
  svdLora: { added: addedSvd },
  prefix: inFront,
  inputPrompt: inFront,
  idpg: inFront,
  attempt: inFront,
  projectedPrompt: inFront,
  discretePrompt: inFront,
  latePrompt: inFront,
  tensorTrain: { reason: "its networks are not linear, so that no weight of the model can hold them" },
  adapter: { reason: "its networks are not linear, so that no weight of the model can hold them" },
};

/** Throws a sentence where what a run trained cannot become weights of its backbone. */
export function requireMergeable({ method }: Pick<Tuning, "method">): void {
  mergeOf(method);
}

function mergeOf(method: Tuning["method"]): Merge<Tuning> {
  const merge: Merge<Tuning> | NoMerge = merges[method];
  if ("added" in merge) return merge;
  throw new Error(`tuning.method ${method} cannot be merged into the backbone: ${merge.reason}; export it with --format safetensors`);
}

/** The backbone with a run's differences added to its weights, each computed when it is asked for, in f32. */
export function mergedBackbone(backbone: WritableBackbone, tuning: Tuning, params: Params): WritableBackbone {
  const merge = mergeOf(tuning.method);
  return { config: backbone.config, tensor: (name) => merge.added(name, backbone.tensor(name), tuning, params) };
}

/**
 * A Hugging Face folder of backbone and run in one model, as bytes by file; the weights come in pieces, a tensor at a time. A linear head lies
 * beside them, and a README.md has the Python that gives the run's numbers.
 */
export function writeMergedFolder(
  { runId, settings, params }: TunedPrompts,
  backbone: PackedBackbone,
): Map<string, Uint8Array | Iterable<Uint8Array>> {
  const { "head/weight": weight, "head/bias": bias } = params;
  const { config, tokenizerJson, tokenizerConfig, name, manifest } = backbone;
  const merged = mergedBackbone(backbone, settings.tuning, params);
  const place = { name, source: manifest?.source ?? name, config };
  const files = new Map<string, Uint8Array | Iterable<Uint8Array>>([
    [mergedFiles.config, utf8(hubConfigText(config))],
    [mergedFiles.weights, checkpointChunks(merged)],
    [mergedFiles.readme, utf8(mergedReadme({ runId, settings, params }, place))],
  ]);
  if (tokenizerJson !== null) files.set(mergedFiles.tokenizer, utf8(tokenizerJson));
  if (tokenizerConfig !== null) files.set(mergedFiles.tokenizerConfig, utf8(tokenizerConfig));
  if (weight !== undefined && bias !== undefined) {
    const { classes = "[]" } = describeRun(runId, settings);
    files.set(mergedFiles.head, writeSafetensors({ weight, bias }, { format: "pt", classes }));
  }
  return files;
}

/** W + scale · (B A + the residual), summed in float64. */
function addedLora(name: string, { shape, data }: Tensor, own: LoraOwn, params: Params): Tensor {
  const [, layer, tensor] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  const matrix = loraMatrices(own).find((one) => one.tensor === tensor);
  if (matrix === undefined) return { shape, data };
  const [a, b] = (["a", "b"] as const).map((factor) => trained(params, `lora/${layer}/${matrix.name}/${factor}`));
  const base = `${residualPrefix}${layer}/${matrix.name}`;
  const { [`${base}/a`]: residualA, [`${base}/b`]: residualB, [`${base}/dense`]: dense } = params;
  const pairs =
    residualA === undefined || residualB === undefined
      ? [{ a, b }]
      : [
          { a, b },
          { a: residualA, b: residualB },
        ];
  const [numOut, numIn] = shape;
  const merged = new Float32Array(data.length);
  const row = new Float64Array(numIn);
  for (let i = 0; i < numOut; i++) {
    row.set(data.subarray(i * numIn, (i + 1) * numIn));
    for (const pair of pairs) addRow(row, pair, { row: i, scale: matrix.scale });
    if (dense !== undefined) for (let j = 0; j < numIn; j++) row[j] += matrix.scale * dense.data[i * numIn + j];
    merged.set(row, i * numIn);
  }
  return { shape, data: merged };
}

/** W + scale · P diag(e) Q of the components that are alive. */
function addedSvd(name: string, tensor: Tensor, own: LoraOwn, params: Params): Tensor {
  const [, layer, matrix] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  const found = loraMatrices(own).find((one) => one.tensor === matrix);
  const pair = found === undefined ? null : factorsOf(params, `svdLora/${layer}/${found.name}`);
  if (found === undefined || pair === null) return tensor;
  const named = { [`lora/${layer}/${found.name}/a`]: pair.a, [`lora/${layer}/${found.name}/b`]: pair.b };
  return addedLora(name, tensor, own, named);
}

/** sum += scale · row `row` of b a. */
function addRow(
  sum: Float64Array,
  { a, b }: { readonly a: Tensor; readonly b: Tensor },
  { row, scale }: { readonly row: number; readonly scale: number },
): void {
  const [rank, numIn] = a.shape;
  for (let r = 0; r < rank; r++) {
    const factor = scale * b.data[row * rank + r];
    if (factor !== 0) for (let j = 0; j < numIn; j++) sum[j] += factor * a.data[r * numIn + j];
  }
}

/** W + Δ. */
function addedFull(name: string, { shape, data }: Tensor, _: unknown, params: Params): Tensor {
  const difference = params[`full/${name}`];
  return difference === undefined ? { shape, data } : { shape, data: data.map((value, i) => value + difference.data[i]) };
}

function trained(params: Params, name: string): Tensor {
  const tensor = params[name];
  if (tensor === undefined) throw new Error(`tensor ${name}: missing; there are ${Object.keys(params).join(", ") || "none"}`);
  return tensor;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
