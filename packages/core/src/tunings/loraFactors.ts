import type { TunedShape } from "./tuned.ts";

/** The two factors of a weight's low-rank difference b a, by their parameters' names. */
export interface LoraPair {
  /** (out, rank). */
  readonly b: string;
  /** (rank, in). */
  readonly a: string;
}

const prefix = "lora/";

/** The names of all factors of one kind, as LoRA's tuning gives them: `lora/…/a` and `lora/…/b`. */
export function factorNames({ layerNames, alwaysShared }: TunedShape, factor: keyof LoraPair): string[] {
  return [...layerNames.flat(), ...alwaysShared].filter((name) => name.startsWith(prefix) && name.endsWith(`/${factor}`));
}

/** The factors that belong together, in the order of what is trained. */
export function loraPairs(shape: TunedShape): LoraPair[] {
  return factorNames(shape, "b").map((b) => ({ b, a: `${b.slice(0, -1)}a` }));
}
