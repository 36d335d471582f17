import type { RunSettings } from "./run.ts";
import { type SettingChange, settingChanges } from "./settingChanges.ts";
import { tuningMeaning, tuningOf } from "./tunings/table.ts";

/** Why a run after `round` cannot go on with these settings, a sentence for each setting; none where it can. */
export function branchFaults(before: RunSettings, after: RunSettings, round: number): string[] {
  const isMeaning = ({ path }: SettingChange) =>
    ["task", "backbone", "strategy.name"].includes(path) ||
    path.startsWith("tuning.") ||
    (path === "seed" && tuningOf(before.tuning).isRelativeToSeed(before.tuning));
  const meant = ({ tuning, ...run }: RunSettings) => ({ ...run, tuning: tuningMeaning(tuning) });
  const faults = settingChanges(meant(before), meant(after))
    .filter(isMeaning)
    .map(
      (change) =>
        `${change.path}: found ${shown(change.after)}, expected ${shown(change.before)}, which decides what the run's parameters are; start a new run for another one`,
    );
  if (round >= after.numRounds) faults.push(`numRounds: found ${after.numRounds}, expected more than ${round}, the round to branch at`);
  return faults;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
