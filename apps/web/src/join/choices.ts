import { integer } from "@tutti/core";
import { z } from "zod";

/** How much of this computer a volunteer lends, and when; kept by the browser. */
const choicesSchema = z.strictObject({
  /** Share of the time that the tab computes, in percent. */
  loadPercent: integer(10, 100),
  onlyIdle: z.boolean(),
  onlyCharging: z.boolean(),
  onlyVisible: z.boolean(),
  /** Bytes up and down after which the tab pauses; null for no limit. */
  maxBytes: integer(1000, 1_000_000_000_000).nullable(),
  keepsAwake: z.boolean(),
});

/** What a volunteer has chosen. */
export type Choices = z.infer<typeof choicesSchema>;

/** What holds until a volunteer chooses something else. */
export const firstChoices: Choices = {
  loadPercent: 100,
  onlyIdle: false,
  onlyCharging: false,
  onlyVisible: false,
  maxBytes: null,
  keepsAwake: false,
};

/** Data limits that the page offers, in bytes. */
export const offeredLimits: readonly number[] = [10_000_000, 50_000_000, 200_000_000, 1_000_000_000];

const item = "tutti-choices";

/** The choices of an earlier visit; the first ones where the browser keeps none, or something else. */
export function readChoices(storage: () => Pick<Storage, "getItem">): Choices {
  try {
    const read = choicesSchema.safeParse(JSON.parse(storage().getItem(item) ?? "null"));
    return read.success ? read.data : firstChoices;
  } catch {
    return firstChoices;
  }
}

/** Keeps choices for later visits, where the browser stores anything. */
export function keepChoices(choices: Choices, storage: () => Pick<Storage, "setItem">): void {
  try {
    storage().setItem(item, JSON.stringify(choices));
  } catch {
    return; // they hold for this visit
  }
}
