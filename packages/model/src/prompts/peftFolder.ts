import type { Params } from "@tutti/core";
import { z } from "zod";
import type { BackboneConfig } from "../backbone/config.ts";
import { readSafetensors, writeSafetensors } from "../backbone/safetensors.ts";
import { baseModelOf, type PeftBackbone, peftFormOf } from "./peftForms.ts";
import { splitPrefixes } from "./peftPrefix.ts";
import { peftReadme, taskTypeOf } from "./peftReadme.ts";
import { withResidualInside } from "./peftResidual.ts";
import { describeRun, type TunedPrompts } from "./promptsFile.ts";
import { describedLora, readLora } from "./readPeftLora.ts";

/** The files of an adapter folder; the last two only where Tutti wrote it. */
export const peftFiles = {
  config: "adapter_config.json",
  weights: "adapter_model.safetensors",
  head: "head.safetensors",
  readme: "README.md",
} as const;

/**
 * Tuned parameters as the folder of a peft adapter, by file name: what peft loads, the settings of the run in the weights' metadata, which peft
 * passes over, a linear head beside them (`weight` (C, H), `bias` (C)), and a README with the Python that gives a run's numbers.
 * A residual of low rank is part of the adapter, whose rank it raises. Throws a sentence where the run's tuning method has no adapter of peft, and
 * where its residual is dense.
 */
export function writePeftFolder(prompts: TunedPrompts, backbone: PeftBackbone): Map<string, Uint8Array> {
  const { runId, settings, params } = withResidualInside(prompts);
  const { tuning } = settings;
  const form = peftFormOf(tuning.method);
  const place = { config: backbone.config, tuning };
  const { "head/weight": weight, "head/bias": bias, ...trained } = params;
  const description = describeRun(runId, settings);
  const config = {
    peft_type: form.peftType,
    task_type: taskTypeOf(tuning, backbone.config),
    base_model_name_or_path: baseModelOf(backbone),
    revision: null,
    auto_mapping: null,
    inference_mode: true,
    ...form.fields(trained, place),
  };
  const weights = writeSafetensors(form.tensors(trained, place), { format: "pt", ...prefixed(description) });
  const files = new Map<string, Uint8Array>([
    [peftFiles.config, utf8(`${JSON.stringify(config, null, 2)}\n`)],
    [peftFiles.weights, weights],
    [peftFiles.readme, utf8(peftReadme({ runId, settings, params }, backbone))],
  ]);
  if (weight !== undefined && bias !== undefined) {
    files.set(peftFiles.head, writeSafetensors({ weight, bias }, { format: "pt", classes: description.classes ?? "[]" }));
  }
  return files;
}

/** An adapter folder's files, as bytes; `head` null where there is none. */
export interface PeftFolderFiles {
  readonly config: Uint8Array;
  readonly weights: Uint8Array;
  readonly head: Uint8Array | null;
}

/** What an adapter holds, in Tutti's names. */
export interface PeftAdapter {
  readonly params: Params;
  /** Those settings of `tuning` that an adapter of others implies. */
  readonly tuning: Readonly<Record<string, unknown>>;
  /** The model that it was tuned on, as its maker called it. */
  readonly baseModel: string | null;
  /** Tensors that are not read, such as another kind of head. */
  readonly unused: readonly string[];
  /** What Tutti said of the run that made it, `describeRun`'s names and values; null where others made it. */
  readonly description: Readonly<Record<string, string>> | null;
}

const sizeSchema = z.number().int().min(1).nullish();

const configSchema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  num_virtual_tokens: sizeSchema,
  num_layers: sizeSchema,
  token_dim: sizeSchema,
  num_transformer_submodules: sizeSchema,
});

type ConfigFields = z.infer<typeof configSchema>;

/** What a reader gets of an adapter. */
interface Opened {
  readonly tensors: Params;
  readonly fields: ConfigFields;
  readonly config: BackboneConfig;
  readonly description: PeftAdapter["description"];
}

type Reader = (opened: Opened) => Pick<PeftAdapter, "params" | "tuning" | "unused">;

/** The kinds of adapters that are read. */
const readers: Readonly<Record<string, Reader>> = { PREFIX_TUNING: readPrefix, LORA: readLoraAdapter };

/**
 * Reads a PREFIX_TUNING or LORA adapter that peft or Tutti wrote, for a backbone of this configuration. With `prefix_projection` too: peft stores
 * what its projection made, the prompts themselves. Throws a sentence that names the file and the tensor or field where something does not fit.
 */
export function readPeftFolder(files: PeftFolderFiles, config: BackboneConfig): PeftAdapter {
  const fields = parseConfig(files.config);
  const read = readerOf(fields);
  const { params: tensors, metadata } = readSafetensors(files.weights);
  const description = unprefixed(metadata);
  const { params, ...found } = read({ tensors, fields, config, description });
  return { ...found, params: { ...params, ...readHead(files.head) }, baseModel: fields.base_model_name_or_path ?? null, description };
}

function readPrefix({ tensors, fields, config }: Opened): ReturnType<Reader> {
  requireSize("num_layers", fields.num_layers, config.numLayers);
  const { prompt_embeddings: embeddings, ...others } = tensors;
  if (embeddings === undefined) {
    throw new Error(`tensor prompt_embeddings: missing; there are ${Object.keys(others).join(", ") || "none"}`);
  }
  const params = splitPrefixes(embeddings, config);
  const promptTokens = params["prefix/0"]?.shape[1] ?? 0;
  requireSize("num_virtual_tokens", fields.num_virtual_tokens, promptTokens);
  // peft's positions begin behind the prompt
  return { params, tuning: { method: "prefix", promptTokens, positionsAfterPrefix: true }, unused: Object.keys(others) };
}

function readLoraAdapter({ tensors, fields, config, description }: Opened): ReturnType<Reader> {
  const { params, own, unused } = readLora(tensors, fields, config, describedLora(description?.settings));
  return { params, tuning: { method: "lora", ...own }, unused };
}

function parseConfig(bytes: Uint8Array): ConfigFields {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error(`${peftFiles.config} is not JSON: save the adapter again with save_pretrained`, { cause });
  }
  const parsed = configSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`${peftFiles.config} is not the configuration of a peft adapter: ${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

function readerOf({ peft_type: kind, num_transformer_submodules: submodules }: ConfigFields): Reader {
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (read === undefined) throw new Error(`${peftFiles.config}: peft_type is ${kind}; ${Object.keys(readers).join(" and ")} are read`);
  const numSubmodules = submodules ?? 1;
  if (numSubmodules !== 1) {
    throw new Error(
      `${peftFiles.config}: num_transformer_submodules is ${numSubmodules}, an encoder with a decoder; expected 1, as all of Tutti's backbones have`,
    );
  }
  return read;
}

function requireSize(field: string, found: number | null | undefined, expected: number): void {
  if (found !== null && found !== undefined && found !== expected) {
    throw new Error(`${peftFiles.config}: ${field} is ${found}, expected ${expected}; use the backbone that the adapter was tuned on`);
  }
}

function readHead(file: Uint8Array | null): Params {
  if (file === null) return {};
  const { weight, bias, ...others } = readSafetensors(file).params;
  if (weight === undefined || bias === undefined) {
    const found = [...(weight === undefined ? [] : ["weight"]), ...(bias === undefined ? [] : ["bias"]), ...Object.keys(others)];
    throw new Error(`${peftFiles.head} must hold the tensors weight and bias, found ${found.join(", ") || "none"}`);
  }
  return { "head/weight": weight, "head/bias": bias };
}

const ours = "tutti.";

function prefixed(description: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(description).map(([name, value]) => [ours + name, value]));
}

function unprefixed(metadata: Readonly<Record<string, string>>): Record<string, string> | null {
  const entries = Object.entries(metadata).filter(([name]) => name.startsWith(ours));
  return entries.length === 0 ? null : Object.fromEntries(entries.map(([name, value]) => [name.slice(ours.length), value]));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
