import type { ExperimentAxis } from "./experimentSchema.ts";
import type { PlannedRun } from "./plannedRun.ts";
import { type Change, changesOf } from "./settingChanges.ts";

/** One value of every axis. */
export interface Combination {
  readonly variant: PlannedRun["variant"];
  readonly changes: readonly Change[];
}

/** Every combination of the axes that are for this method and task. */
export function combinations(
  axes: readonly (readonly [string, ExperimentAxis])[],
  method: PlannedRun["method"],
  task: string,
): readonly Combination[] {
  const isFor = (only: Pick<ExperimentAxis, "methods" | "tasks">) =>
    (only.methods?.includes(method) ?? true) && (only.tasks?.includes(task) ?? true);
  return axes.reduce<readonly Combination[]>(
    (all, [name, axis]) => {
      if (!isFor(axis)) return all;
      const values = axis.values.flatMap((value, at): Combination[] => {
        if (typeof value !== "object")
          return [{ variant: { [name]: value }, changes: [{ place: `grid.${name}`, path: axis.path ?? "", value }] }];
        return isFor(value) ? [{ variant: { [name]: value.label }, changes: changesOf(`grid.${name}.values.${at}.set`, value.set) }] : [];
      });
      if (values.length === 0) return all;
      return all.flatMap(({ variant, changes }) =>
        values.map((value) => ({ variant: { ...variant, ...value.variant }, changes: merged(changes, value.changes) })),
      );
    },
    [{ variant: {}, changes: [] }],
  );
}

/** Of two axes that give the same path the later one counts, in the place of the earlier. */
function merged(first: readonly Change[], second: readonly Change[]): Change[] {
  return [...new Map([...first, ...second].map((change) => [change.path, change])).values()];
}
