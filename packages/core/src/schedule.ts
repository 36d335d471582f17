import type { ExpectedStep } from "./strategies/strategy.ts";
import type { RoundPlan, Stage } from "./task.ts";

/** What names a step within its run. */
export type StepPlace = Pick<RoundPlan, "stage" | "round" | "step">;

const nameOf = ({ stage, round, step }: StepPlace) => `${stage} ${round}.${step}`;

/** Finds a step's place in a schedule; undefined for a step that was not expected. */
export function findExpected(schedule: readonly ExpectedStep[]): (place: StepPlace) => ExpectedStep | undefined {
  const byName = new Map(schedule.map((step) => [nameOf(step), step]));
  return (place) => byName.get(nameOf(place));
}

/** The expected steps that are not among the done ones. */
export function remainingSteps(schedule: readonly ExpectedStep[], done: readonly StepPlace[]): ExpectedStep[] {
  const names = new Set(done.map(nameOf));
  return schedule.filter((step) => !names.has(nameOf(step)));
}

/** Rounds of a stage; 0 where the run leaves it out. */
export function numRoundsIn(schedule: readonly ExpectedStep[], stage: Stage): number {
  return schedule.reduce((most, step) => (step.stage === stage ? Math.max(most, step.round) : most), 0);
}
