import { sourcePromptsOf, type TuningSettings } from "./tunings/table.ts";

/** Path of a source prompt's file in the public folder: prompts of one name that have other numbers of tokens have other files. */
export function sourcePromptPath(backbone: string, name: string, promptTokens: number): string {
  return `prompts/${backbone}/${name}-${promptTokens}.json`;
}

/** Paths of the source prompts that a run mixes; none where its tuning method needs none. */
export function sourcePromptPaths({ backbone, tuning }: { readonly backbone: string; readonly tuning: TuningSettings }): string[] {
  const names = sourcePromptsOf(tuning);
  return names === null ? [] : names.sources.map((name) => sourcePromptPath(backbone, name, names.promptTokens));
}
