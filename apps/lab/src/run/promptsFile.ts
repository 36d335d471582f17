import type { Params, RunSettings } from "@tutti/core";
import { findTask } from "@tutti/data";
import { readSafetensors, writeSafetensors } from "@tutti/model";
import { runSettingsSchema } from "@tutti/protocol";

const format = "tutti-prompts-1";

/** Tuned prompts with what is needed to use them. */
export interface TunedPrompts {
  readonly runId: string;
  readonly settings: RunSettings;
  /** Every trained parameter, as a newcomer gets it. */
  readonly params: Params;
}

/** The tuned prompts as a safetensors file whose metadata says backbone, task, template, label words, classes and the run's settings. */
export function writePromptsFile({ runId, settings, params }: TunedPrompts): Uint8Array {
  const { classes, prompts } = findTask(settings.task);
  return writeSafetensors(params, {
    format,
    runId,
    backbone: settings.backbone,
    task: settings.task,
    classes: JSON.stringify(classes),
    prompts: JSON.stringify(prompts),
    head: settings.tuning.head,
    settings: JSON.stringify(settings),
  });
}

/** Reads a file of tuned prompts; throws a sentence when it is something else. */
export function readPromptsFile(file: Uint8Array): TunedPrompts {
  const { params, metadata } = readSafetensors(file);
  if (metadata.format !== format)
    throw new Error(`the file holds no tuned prompts: its metadata says format ${metadata.format ?? "nothing"}, expected ${format}`);
  const settings = runSettingsSchema.safeParse(JSON.parse(metadata.settings ?? "null"));
  if (!settings.success) throw new Error(`the prompts' settings are not understood: ${settings.error.message}`);
  return { runId: metadata.runId ?? "", settings: settings.data, params };
}
