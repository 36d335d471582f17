import type { Params, RunSettings } from "@tutti/core";
import { findTask, rememberLabels } from "@tutti/data";
import { readSafetensors, writeSafetensors } from "../backbone/safetensors.ts";
import { withoutDead } from "./svdComponents.ts";

const format = "tutti-prompts-1";

/** Tuned prompts with what is needed to use them. */
export interface TunedPrompts {
  readonly runId: string;
  readonly settings: RunSettings;
  /** Every trained parameter, as a newcomer gets it. */
  readonly params: Params;
}

/** The tuned prompts, of SVD-form differences the components that are alive, as a safetensors file whose metadata says backbone, task, template, the run's settings, and of classes their names and label words. */
export function writePromptsFile({ runId, settings, params }: TunedPrompts): Uint8Array {
  return writeSafetensors(withoutDead(params), { format, ...describeRun(runId, settings) });
}

/** What a file of tuned parameters says of the run that made them, as safetensors metadata. */
export function describeRun(runId: string, settings: RunSettings): Readonly<Record<string, string>> {
  rememberLabels(settings);
  const task = findTask(settings.task);
  return {
    runId,
    backbone: settings.backbone,
    task: settings.task,
    ...(task.kind === "classification" ? { classes: JSON.stringify(task.classes), prompts: JSON.stringify(task.prompts) } : {}),
    ...(task.kind === "reply" ? { template: JSON.stringify(task.template) } : {}),
    head: settings.tuning.head,
    settings: JSON.stringify(settings),
  };
}

/** The parameters and the metadata of a file of tuned prompts; throws a sentence when it is something else. */
export function openPromptsFile(file: Uint8Array): { readonly params: Params; readonly metadata: Readonly<Record<string, string>> } {
  const opened = readSafetensors(file);
  const found = opened.metadata.format;
  if (found !== format)
    throw new Error(`the file holds no tuned prompts: its metadata says format ${found ?? "nothing"}, expected ${format}`);
  return opened;
}

/** Reads a file of tuned prompts; throws a sentence when it is something else. `parseSettings` checks the settings it names. */
export function readPromptsFile(file: Uint8Array, parseSettings: (settings: unknown) => RunSettings): TunedPrompts {
  const { params, metadata } = openPromptsFile(file);
  try {
    const settings = parseSettings(JSON.parse(metadata.settings ?? "null"));
    rememberLabels(settings);
    return { runId: metadata.runId ?? "", settings, params };
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "they are not JSON" : cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the run's settings in the metadata of the prompts cannot be read: ${why}`, { cause });
  }
}
