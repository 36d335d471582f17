import { promptTokensOf, type RunSettings } from "@tutti/core";
import { findTask } from "@tutti/data";
import type { BackboneConfig } from "../backbone/config.ts";
import { baseModelOf, type PeftBackbone, peftFormOf } from "./peftForms.ts";
import type { TunedPrompts } from "./promptsFile.ts";

type Tuning = RunSettings["tuning"];

/** peft's task type for a run: a causal model that answers in words, or else a model whose states or word logits are read. */
export function taskTypeOf({ head }: Pick<Tuning, "head">, { isCausal }: Pick<BackboneConfig, "isCausal">): string {
  return isCausal && head === "labelWords" ? "CAUSAL_LM" : "FEATURE_EXTRACTION";
}

/** An exported adapter's README.md: what it is for, and Python that computes with it what the run computed. */
export function peftReadme({ runId, settings }: TunedPrompts, backbone: PeftBackbone): string {
  const { name, source, config } = backbone;
  const { tuning, task } = settings;
  const { peftType, title } = peftFormOf(tuning.method);
  return readmeText(settings, config, {
    front: `library_name: peft\nbase_model: ${baseModelOf(backbone)}`,
    title,
    about: `Run ${runId}: task ${task}, backbone ${name} (${source}), a ${peftType} adapter.`,
    notes: hasPrompts(tuning) ? [positionsText(tuning)] : [],
    library: "peft",
  });
}

/** A merged folder's README.md: what it is for, and Python that computes with it what the run computed. */
export function mergedReadme({ runId, settings }: TunedPrompts, backbone: PeftBackbone): string {
  const { name, source, config } = backbone;
  return readmeText(settings, config, {
    front: `library_name: transformers\nbase_model: ${baseModelOf(backbone)}`,
    title: "A model tuned with Tutti",
    about: `Run ${runId}: task ${settings.task}, backbone ${name} (${source}) with the run's differences added to its weights, in f32.`,
    notes: [],
    library: "transformers",
  });
}

interface ReadmeParts {
  /** Of the model card, as YAML. */
  readonly front: string;
  readonly title: string;
  readonly about: string;
  readonly notes: readonly string[];
  /** What loads the model. */
  readonly library: "peft" | "transformers";
}

function readmeText(settings: RunSettings, config: BackboneConfig, { front, title, about, notes, library }: ReadmeParts): string {
  const { tuning, task } = settings;
  const lines = [about, `Classes, in order: ${findTask(task).classes.join(", ")}.`, ...notes];
  return `---
${front}
---

# ${title}

${lines.join("\n")}

\`\`\`python
${tuning.head === "linear" ? linearCode(tuning, config, library) : wordsCode(tuning, config, library)}
\`\`\`

${answerText(settings, config)}
`;
}

function hasPrompts(tuning: Tuning): boolean {
  return promptTokensOf(tuning) !== null;
}

function positionsText({ positionsAfterPrefix }: Tuning): string {
  return positionsAfterPrefix
    ? "The text's positions begin behind the prompt, as peft counts them."
    : "The text's positions begin at 0, as if there were no prompt. peft counts them from behind the prompt, so call the model as below.";
}

function answerText({ task, tuning }: RunSettings, { isCausal }: BackboneConfig): string {
  const { prompts, causalSuffix } = findTask(task);
  if (tuning.head === "linear")
    return "The class is the largest of `class_logits`. The head reads the mean of the last states over all of a text's tokens.";
  const words = prompts.map(({ template, labelWords }) => `- \`${template}\`: ${labelWords.join(", ")}`).join("\n");
  if (!isCausal)
    return `The class is the label word with the largest logit at the mask token. Of these templates, with label words in class order, the run used the first whose words are single tokens:

${words}`;
  const labelWords = prompts[0]?.labelWords.join(", ") ?? "";
  if (tuning.lossOver === "vocabulary")
    return `The class is the one whose suffix \`${causalSuffix}\` behind the text has the lowest mean loss over its tokens. Words in class order: ${labelWords}.`;
  return `The class is the label word with the largest logit behind the text and \`${causalSuffix.slice(0, causalSuffix.indexOf("{word}")).trimEnd()}\`. Of these label words, in class order, the run used the first whose words are single tokens:

${words}`;
}

function wordsCode(tuning: Tuning, config: BackboneConfig, library: ReadmeParts["library"]): string {
  const modelClass = config.isCausal ? "AutoModelForCausalLM" : "AutoModelForMaskedLM";
  return `${loadCode(modelClass, [], library)}

def token_logits(model, ids, mask):
    """ids and mask (B, T), padding behind the text: (B, T, vocabulary)."""
${outputsCode(tuning, config)}
    return outputs.logits`;
}

function linearCode(tuning: Tuning, config: BackboneConfig, library: ReadmeParts["library"]): string {
  return `${loadCode("AutoModel", ["from safetensors.torch import load_file"], library)}

def class_logits(model, head, ids, mask):
    """ids and mask (B, T), padding behind the text; head = load_file("head.safetensors"): (B, classes)."""
${outputsCode(tuning, config)}
    states = outputs.last_hidden_state
    mean = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    return mean @ head["weight"].to(mean.dtype).T + head["bias"].to(mean.dtype)`;
}

function loadCode(modelClass: string, imports: readonly string[], library: ReadmeParts["library"]): string {
  const ofPeft = library === "peft";
  return `${["import torch", ...(ofPeft ? ["from peft import PeftModel"] : []), ...imports, `from transformers import ${modelClass}`].join("\n")}

def load(${ofPeft ? "base, folder" : "folder"}, **options):
    return ${ofPeft ? `PeftModel.from_pretrained(${modelClass}.from_pretrained(base, **options), folder)` : `${modelClass}.from_pretrained(folder, **options)`}.eval()`;
}

/** peft's own forward counts positions behind the prefix; a run that counts from 0 hands the prefix over itself. */
function outputsCode(tuning: Tuning, { positionOffset }: BackboneConfig): string {
  if (tuning.positionsAfterPrefix || !hasPrompts(tuning)) return "    outputs = model(input_ids=ids, attention_mask=mask)";
  return `    batch, length = ids.shape
    prefix = torch.ones(batch, model.active_peft_config.num_virtual_tokens, dtype=mask.dtype)
    outputs = model.base_model(
        input_ids=ids,
        attention_mask=torch.cat([prefix, mask], 1),
        past_key_values=model.get_prompt(batch),
        position_ids=torch.arange(${positionOffset}, ${positionOffset} + length).expand(batch, -1),
    )`;
}
