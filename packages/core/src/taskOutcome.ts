import type { Contribution } from "./task.ts";

/** How a task ended. */
export type TaskOutcome =
  | {
      readonly kind: "contributed";
      readonly contribution: Contribution;
      /** From the opening of the step; absent where an earlier process saw it. */
      readonly elapsedMs?: number;
    }
  | { readonly kind: "left" }
  /** The deadline passed. */
  | { readonly kind: "late" }
  /** The step closed before, with all the contributions that it wants. */
  | { readonly kind: "unneeded" }
  | { readonly kind: "declined"; readonly reason: string };
