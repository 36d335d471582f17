import type { Params, RunSettings } from "@tutti/core";
import { type BackboneConfig, keyValueWidth } from "../backbone/config.ts";
import type { BackboneManifest } from "../backbone/manifest.ts";
import { loraFields, loraTensors } from "./peftLora.ts";
import { joinPrefixes } from "./peftPrefix.ts";
import { svdFields, svdTensors } from "./peftSvdLora.ts";

type Tuning = RunSettings["tuning"];

/** What an export must know of the backbone. */
export type PeftBackbone = Pick<BackboneManifest, "name" | "source" | "config">;

/** What peft is to load: the model's id on the hub, or the backbone's name where it did not come from there. */
export function baseModelOf({ name, source }: PeftBackbone): string {
  const [, id] = /^([\w.-]+\/[\w.-]+)(?:@\S+)?$/.exec(source) ?? [];
  return id ?? name;
}

/** What decides how an adapter is written, beside its parameters. */
interface PeftPlace<Own> {
  readonly config: BackboneConfig;
  readonly tuning: Own;
}

/** How a tuning method's parameters lie in an adapter of Hugging Face's peft (https://huggingface.co/docs/peft). */
interface PeftForm<Own> {
  /** `peft_type` of adapter_config.json. */
  readonly peftType: string;
  /** What the adapter is, for its README.md. */
  readonly title: string;
  /** The fields of adapter_config.json that this kind has beside the common ones. */
  fields(params: Params, place: PeftPlace<Own>): Readonly<Record<string, unknown>>;
  /** Parameters → the tensors of adapter_model.safetensors. */
  tensors(params: Params, place: PeftPlace<Own>): Params;
}

/** Why a method's parameters cannot be an adapter of peft. */
interface NoPeftForm {
  readonly reason: string;
  /** The same for pages. */
  readonly why: NoPeft;
}

/** Why peft has no form for a method's parameters. */
export type NoPeft =
  | "adapter"
  | "inputPrompt"
  | "ofEachText"
  | "latePrompt"
  | "projectedPrompt"
  | "tensorTrain"
  | "discretePrompt"
  | "full";

const prefix: PeftForm<Tuning> = {
  peftType: "PREFIX_TUNING",
  title: "Prompts tuned with Tutti",
  fields(params, { config }) {
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
  tensors: (params, { config }) => ({ prompt_embeddings: joinPrefixes(params, config) }),
};

const lora: PeftForm<Extract<Tuning, { readonly method: "lora" }>> = {
  peftType: "LORA",
  title: "LoRA tuned with Tutti",
  fields: (_, { config, tuning }) => loraFields(tuning, config),
  // with a linear head the README.md loads the body of the model alone
  tensors: (params, { config, tuning }) => loraTensors(params, tuning, { config, isBare: tuning.head === "linear" }),
};

const svdLora: PeftForm<Extract<Tuning, { readonly method: "svdLora" }>> = {
  peftType: "LORA",
  title: "SVD-form LoRA tuned with Tutti, as LoRA",
  fields: (params, { config, tuning }) => svdFields(params, tuning, config),
  tensors: (params, { config, tuning }) => svdTensors(params, tuning, { config, isBare: tuning.head === "linear" }),
};

const ofEachText = "it makes a prompt from each text, and a prompt of peft is the same for every text";

/** Which methods can be adapters of peft, and why the others cannot. */
export const peftForms: { readonly [Name in Tuning["method"]]: PeftForm<Extract<Tuning, { readonly method: Name }>> | NoPeftForm } = {
  prefix,
  adapter: { reason: "peft has no bottleneck networks behind attention and feed-forward part", why: "adapter" },
  inputPrompt: { reason: "Tutti writes no PROMPT_TUNING adapters: only PREFIX_TUNING and LORA", why: "inputPrompt" },
  lora,
  idpg: { reason: ofEachText, why: "ofEachText" },
  attempt: { reason: ofEachText, why: "ofEachText" },
  latePrompt: { reason: `${ofEachText}; it also comes in at the middle layer, where peft has none`, why: "latePrompt" },
  projectedPrompt: {
    reason: "Tutti writes no PROMPT_TUNING adapters, and what is tuned is a vector that the run's seed makes a prompt of",
    why: "projectedPrompt",
  },
  tensorTrain: { reason: "peft has no networks of tensor trains behind attention and feed-forward part", why: "tensorTrain" },
  svdLora,
  discretePrompt: { reason: "its prompt is words, which need no adapter: put them in front of each text", why: "discretePrompt" },
  full: { reason: "every weight of the layers is trained, and an adapter leaves the model's weights as they are", why: "full" },
};

/** The form of a method; throws a sentence with the reason where it has none. */
export function peftFormOf(method: Tuning["method"]): PeftForm<Tuning> {
  const form: PeftForm<Tuning> | NoPeftForm = peftForms[method];
  if ("reason" in form) {
    throw new Error(`tuning.method ${method} has no adapter of peft: ${form.reason}; export it with --format safetensors`);
  }
  return form;
}

/** Why a method has no adapter of peft; null where it has one. */
export function whyNoPeftForm(method: Tuning["method"]): NoPeft | null {
  const form: PeftForm<never> | NoPeftForm = peftForms[method];
  return "reason" in form ? form.why : null;
}
