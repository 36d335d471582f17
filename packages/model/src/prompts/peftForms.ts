import type { Params, RunSettings } from "@tutti/core";
import { type BackboneConfig, keyValueWidth } from "../backbone/config.ts";
import type { BackboneManifest } from "../backbone/manifest.ts";
import { joinPrefixes, splitPrefixes } from "./peftPrefix.ts";

type Tuning = RunSettings["tuning"];

/** What an export must know of the backbone. */
export type PeftBackbone = Pick<BackboneManifest, "name" | "source" | "config">;

/** What peft is to load: the model's id on the hub, or the backbone's name where it did not come from there. */
export function baseModelOf({ name, source }: PeftBackbone): string {
  const [, id] = /^([\w.-]+\/[\w.-]+)(?:@\S+)?$/.exec(source) ?? [];
  return id ?? name;
}

/** How a tuning method's parameters lie in an adapter of Hugging Face's peft (https://huggingface.co/docs/peft). */
interface PeftForm {
  /** `peft_type` of adapter_config.json. */
  readonly peftType: string;
  /** The fields of adapter_config.json that this kind has beside the common ones. */
  fields(params: Params, config: BackboneConfig): Readonly<Record<string, unknown>>;
  /** Parameters → the tensors of adapter_model.safetensors. */
  tensors(params: Params, config: BackboneConfig): Params;
  /** The inverse of `tensors`; throws, naming a tensor, where one is missing or has another shape. */
  params(tensors: Params, config: BackboneConfig): Params;
  /** Names of the tensors that `params` reads. */
  readonly reads: readonly string[];
}

/** Why a method's parameters cannot be an adapter of peft. */
interface NoPeftForm {
  readonly reason: string;
}

const prefix: PeftForm = {
  peftType: "PREFIX_TUNING",
  fields(params, config) {
    const width = keyValueWidth(config); // grouped queries: peft too counts the heads and the width of keys and values
    return {
      num_virtual_tokens: params["prefix/0"]?.shape[1],
      token_dim: width,
      num_attention_heads: config.numKeyValueHeads,
      num_layers: config.numLayers,
      num_transformer_submodules: 1,
      encoder_hidden_size: width,
      prefix_projection: false,
    };
  },
  tensors: (params, config) => ({ prompt_embeddings: joinPrefixes(params, config) }),
  params({ prompt_embeddings: embeddings, ...others }, config) {
    if (embeddings === undefined) {
      throw new Error(`tensor prompt_embeddings: missing; there are ${Object.keys(others).join(", ") || "none"}`);
    }
    return splitPrefixes(embeddings, config);
  },
  reads: ["prompt_embeddings"],
};

const ofEachText = "it makes a prompt from each text, and a prompt of peft is the same for every text";

/** Which methods can be adapters of peft, and why the others cannot. */
export const peftForms: Readonly<Record<Tuning["method"], PeftForm | NoPeftForm>> = {
  prefix,
  adapter: { reason: "peft has no bottleneck networks behind attention and feed-forward part" },
  inputPrompt: { reason: "Tutti writes no PROMPT_TUNING adapters: only prompts in every layer, as PREFIX_TUNING" },
  lora: { reason: "Tutti writes no LORA adapters: only prompts in every layer, as PREFIX_TUNING" },
  idpg: { reason: ofEachText },
  attempt: { reason: ofEachText },
  latePrompt: { reason: `${ofEachText}; it also comes in at the middle layer, where peft has none` },
  full: { reason: "every weight of the layers is trained, and an adapter leaves the model's weights as they are" },
};

/** The form of a method; throws a sentence with the reason where it has none. */
export function peftFormOf(method: Tuning["method"]): PeftForm {
  const form = peftForms[method];
  if ("reason" in form) {
    throw new Error(`tuning.method ${method} has no adapter of peft: ${form.reason}; export it with --format safetensors`);
  }
  return form;
}
