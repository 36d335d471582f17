import { z } from "zod";
import { integer, number } from "../settings/fields.ts";
import { settingLimits as limits } from "../settings/limits.ts";

/** Settings of how long a run waits for whom; a run without them waits as runs did before there was a choice. */
export const pacingSettings = {
  /** A device that was late or declined is not asked for 2 steps, then 4, 8 and so on; absent for no rest. */
  backoff: z
    .strictObject({
      /** The longest rest. */
      maxSteps: integer(2, 4096),
    })
    .exactOptional(),
  /** Devices that are sampled for each one that a step needs: it closes when the first S have contributed. Absent for S sampled devices. */
  overSelection: number(1, 10).exactOptional(),
  /** A step's deadline follows what contributions have taken so far; `deadlineMs` is then the longest. Absent for `deadlineMs` alone. */
  adaptiveDeadline: z
    .strictObject({
      /** k of median + k · MAD. */
      deviations: number(0, 100),
      /** The shortest, in milliseconds. */
      floorMs: integer(1, limits.maxDeadlineMs),
    })
    .exactOptional(),
};

/** How many devices a round asks, where that many are there. */
export function numAskedOf({
  cohortSize,
  overSelection = 1,
}: {
  readonly cohortSize: number;
  readonly overSelection?: number | undefined;
}): number {
  return Math.ceil(overSelection * cohortSize - 1e-9);
}
