import type { Choices } from "./choices.ts";

/** What the browser tells of the volunteer and the machine; null where it does not tell. */
export interface Surroundings {
  readonly isUserIdle: boolean | null;
  readonly isCharging: boolean | null;
  readonly isVisible: boolean;
  /** Bytes up and down since the tab joined. */
  readonly numBytes: number;
}

/** Why a tab rests. `user` and `afterTask` until its owner says otherwise, the others until what they wait for comes. */
export type RestReason = "user" | "afterTask" | "dataCap" | "notCharging" | "notIdle" | "hidden";

/** Why the tab is to rest now; null where it may work. What the volunteer ordered goes first. */
export function whyResting(ordered: "user" | "afterTask" | null, choices: Choices, around: Surroundings): RestReason | null {
  if (ordered !== null) return ordered;
  if (choices.maxBytes !== null && around.numBytes >= choices.maxBytes) return "dataCap";
  if (choices.onlyVisible && !around.isVisible) return "hidden";
  if (choices.onlyCharging && around.isCharging === false) return "notCharging";
  return choices.onlyIdle && around.isUserIdle === false ? "notIdle" : null;
}

/** Whether the task at hand is finished before the tab rests, as with a limit that one more upload does not hurt. */
export function finishesTask(reason: RestReason): boolean {
  return reason === "afterTask" || reason === "dataCap";
}

/** A held task goes back to the coordinator after this time, so that its round does not wait for a tab that rests. */
export const holdMs = 20_000;
