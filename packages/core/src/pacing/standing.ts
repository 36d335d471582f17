import type { Device, DeviceId, RoundPlan } from "../task.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { awaited } from "./closing.ts";

/** What a run remembers of a device; all steps are counted from 1, repeated attempts included. */
export type DeviceStanding = {
  /** The last step that it contributed to; 0 for none. */
  readonly contributedIn: number;
  /** Steps since then in which it was late or declined. */
  readonly failures: number;
  /** The last step in which it is not asked. */
  readonly restsUntil: number;
};

/** What a run remembers of its devices: JSON, written into the journal with what each step came to. */
export type Standing = {
  /** Steps that are over. */
  readonly numSteps: number;
  /** A device counts as proven that has contributed to this step or a later one. */
  readonly trustedFrom: number;
  readonly devices: { readonly [deviceId: string]: DeviceStanding };
};

/** Nothing is known of anybody. */
export const freshStanding: Standing = { numSteps: 0, trustedFrom: 1, devices: {} };

const unknown: DeviceStanding = { contributedIn: 0, failures: 0, restsUntil: 0 };

/**
 * What is known after a step. Who was late or declined rests for 2 steps, then 4, 8 and so on up to `maxSteps`; so does who was asked on trial and had not
 * answered when the step could close. Where a step had to wait for its deadline, everybody who did not contribute to it is on trial from then on:
 * others may be as silent, and the run pays for it once.
 */
export function standingAfter(
  { numSteps, trustedFrom, devices }: Standing,
  plan: RoundPlan,
  outcomes: ReadonlyMap<DeviceId, TaskOutcome>,
  maxSteps: number,
): Standing {
  const present = numSteps + 1;
  const next: Record<string, DeviceStanding> = { ...devices };
  for (const [id, { kind }] of outcomes) {
    const before = devices[id] ?? unknown;
    const isProven = before.failures === 0 && before.contributedIn >= trustedFrom;
    if (kind === "contributed") next[id] = { ...unknown, contributedIn: present };
    else if (kind === "late" || kind === "declined" || (kind === "unneeded" && !isProven)) {
      const failures = before.failures + 1;
      next[id] = { ...before, failures, restsUntil: present + Math.min(maxSteps, 2 ** Math.min(failures, 30)) };
    }
  }
  const expected = awaited(plan);
  const ranOut = (expected.length === 0 ? plan.tasks.map(({ deviceId }) => deviceId) : expected).some(
    (id) => outcomes.get(id)?.kind === "late",
  );
  return { numSteps: present, trustedFrom: ranOut ? present : trustedFrom, devices: next };
}

/** The roster as the next step is planned from it: who rests has left, and of the others it says whether they are on trial. */
export function withStanding(roster: readonly Device[], standing: Standing, isRestKept = true): readonly Device[] {
  const { numSteps, trustedFrom, devices } = standing;
  return roster.map((device) => {
    const { contributedIn, failures, restsUntil } = devices[device.id] ?? unknown;
    if (isRestKept && restsUntil > numSteps) return { ...device, isConnected: false, hasLeft: true };
    if (failures > 0) return { ...device, trial: "failed" };
    return contributedIn >= trustedFrom ? device : { ...device, trial: "new" };
  });
}

/** Whether somebody of the roster rests in the next step. */
export function hasResting(roster: readonly Device[], { numSteps, devices }: Standing): boolean {
  return roster.some(({ id }) => (devices[id]?.restsUntil ?? 0) > numSteps);
}
