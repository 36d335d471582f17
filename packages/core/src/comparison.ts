import type { Publication } from "./publication.ts";
import type { RunConditions, TrainingSettings } from "./settings/runConditions.ts";

/**
 * What a method is in the comparison: this project's own, one of the nine baselines of its paper, another one, or a control. Lists of methods are in this
 * order, and within it in that of `baseline` and of the tables.
 */
export const roles = ["own", "baseline", "other", "control"] as const;

/** What a method is in the comparison. */
export type Role = (typeof roles)[number];

/** A method of the comparison, as the file of its strategy or of its tuning method declares it. */
export interface DeclaredMethod {
  /** The declaration's own where it is left out. */
  readonly title?: string;
  /** The declaration's own where it is left out; null for a control that needs none. */
  readonly publication?: Publication | null;
  /** Where this project does something else than the publication, a sentence each. */
  readonly deviations: readonly string[];
  readonly role: Role;
  /** Its number among the nine baselines. */
  readonly baseline?: number;
  /** Whether it sends all layers in every round and changes nothing else, so that traffic is told beside its. */
  readonly isTrafficReference?: boolean;
  /** What is trained, for a table. */
  readonly trained: string;
  /** What travels, for a table. */
  readonly travels: string;
  /**
   * Device rates worth trying, or the method whose choice is taken over; an experiment's own where it is left out. What is tuned, and by what
   * optimiser, decides which order of magnitude that is.
   */
  readonly rates?: readonly number[] | { readonly of: string } | undefined;
  /** What it changes of the devices' training. */
  training?(base: TrainingSettings): Partial<TrainingSettings>;
  /** What it changes beside tuning, strategy and training. */
  readonly conditions?: Partial<RunConditions>;
}
