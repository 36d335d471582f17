import type { Family } from "./config.ts";

/**
 * What a field of config.json is to us: `honoured` fields are read, `harmless` ones change no number of a frozen backbone, and the others are
 * refused unless they have one of the listed values, under which the computation is the one we do.
 */
type FieldUse = "honoured" | "harmless" | { readonly only: readonly unknown[] };

type Uses = Readonly<Record<string, FieldUse>>;

const offOrNone: FieldUse = { only: [false, null] };
const onOrNone: FieldUse = { only: [true, null] };

/** Fields that any configuration may have: those of transformers' PreTrainedConfig, now and in its older versions, and of its tools. */
const common: Uses = {
  model_type: "honoured",
  is_encoder_decoder: offOrNone,
  cross_attention_hidden_size: { only: [null] },
  quantization_config: { only: [null] },
  pruned_heads: { only: [null, {}, []] },
  ...harmless(
    // what is told of the checkpoint
    "architectures _name_or_path name_or_path transformers_version dtype torch_dtype tokenizer_class prefix finetuning_task task_specific_params",
    "_commit_hash transformers.js_config license language",
    // classes of task heads
    "id2label label2id num_labels _num_labels problem_type classifier_dropout",
    // how it runs, with the same numbers
    "_attn_implementation attn_implementation _attn_implementation_autoset _attn_implementation_internal _experts_implementation",
    "chunk_size_feed_forward gradient_checkpointing use_cache torchscript use_bfloat16 tf_legacy_loss return_dict output_attentions",
    "output_hidden_states output_past output_scores return_dict_in_generate tie_encoder_decoder",
    // training
    "initializer_range initializer_factor",
    // token ids that no forward pass reads
    "bos_token_id eos_token_id sep_token_id decoder_start_token_id unk_token_id mask_token_id cls_token_id",
    // generation
    "max_length min_length max_new_tokens do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature top_k top_p typical_p",
    "repetition_penalty length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids num_return_sequences",
    "forced_bos_token_id forced_eos_token_id remove_invalid_values exponential_decay_length_penalty suppress_tokens begin_suppress_tokens",
  ),
};

const encoder: Uses = {
  ...common,
  ...honoured(
    "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act max_position_embeddings type_vocab_size",
    "layer_norm_eps pad_token_id tie_word_embeddings",
  ),
  ...harmless(
    "hidden_dropout_prob attention_probs_dropout_prob directionality pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers",
    "pooler_size_per_head pooler_type",
  ),
  is_decoder: offOrNone,
  is_causal: offOrNone,
  add_cross_attention: offOrNone,
  position_embedding_type: { only: ["absolute", null] },
};

/** GPT-2 has its own names beside the general ones; where both are given the general ones count. */
const gpt2: Uses = {
  ...common,
  ...honoured(
    "vocab_size n_embd hidden_size n_layer num_hidden_layers n_head num_attention_heads n_positions max_position_embeddings n_inner",
    "activation_function layer_norm_epsilon pad_token_id tie_word_embeddings",
  ),
  ...harmless(
    "n_ctx resid_pdrop embd_pdrop attn_pdrop hidden_dropout summary_type summary_use_proj summary_activation summary_proj_to_labels",
    "summary_first_dropout predict_special_tokens is_decoder",
    "reorder_and_upcast_attn", // in f32 it is the same sum in another order
  ),
  is_causal: onOrNone,
  add_cross_attention: offOrNone,
  scale_attn_weights: { only: [true] },
  scale_attn_by_inverse_layer_idx: { only: [false] },
};

const llama: Uses = {
  ...common,
  ...honoured(
    "vocab_size hidden_size num_hidden_layers num_attention_heads num_key_value_heads head_dim intermediate_size hidden_act",
    "max_position_embeddings rms_norm_eps rope_theta rope_scaling rope_parameters original_max_position_embeddings pad_token_id",
    "tie_word_embeddings",
  ),
  ...harmless("attention_dropout pretraining_tp is_decoder"),
  is_causal: onOrNone,
  add_cross_attention: offOrNone,
  attention_bias: { only: [false] },
  mlp_bias: { only: [false] },
  partial_rotary_factor: { only: [1, null] },
};

/** Every field of the four families' configurations that is known here; any other is named in a warning. */
export const configFields: Readonly<Record<Family, Uses>> = { bert: encoder, roberta: encoder, gpt2, llama };

/** Fields of LLaMA's rope_scaling and rope_parameters; those that other types of rotation read do not matter to ours. */
export const ropeFields: Uses = {
  ...honoured("rope_type type rope_theta factor low_freq_factor high_freq_factor original_max_position_embeddings"),
  ...harmless("attention_factor beta_fast beta_slow short_factor long_factor mscale mscale_all_dim truncate"),
  partial_rotary_factor: { only: [1, null] },
};

/** Refuses by its name a field with a value that changes the computation; returns the names of the fields that are not in the table. */
export function checkFields(fields: Readonly<Record<string, unknown>>, uses: Uses, where = "config.json"): string[] {
  const unlisted: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const use = Object.hasOwn(uses, name) ? uses[name] : undefined;
    if (use === undefined) unlisted.push(name);
    else if (typeof use !== "string" && !use.only.some((allowed) => isSame(allowed, value))) {
      const allowed = use.only.map((one) => JSON.stringify(one)).join(" or ");
      throw new Error(`${where}: ${name} ${JSON.stringify(value)} is not supported, only ${allowed}`);
    }
  }
  return unlisted;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function harmless(...names: readonly string[]): Uses {
  return listed("harmless", names);
}

function honoured(...names: readonly string[]): Uses {
  return listed("honoured", names);
}

function listed(use: FieldUse, names: readonly string[]): Uses {
  return Object.fromEntries(names.flatMap((line) => line.split(" ")).map((name) => [name, use]));
}
