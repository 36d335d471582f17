import { followed, followers, methods, presets, type RunSettings } from "@tutti/core";
import { findTask } from "@tutti/data";
import { runSettingsSchema } from "@tutti/protocol";
import { type AttackPlan, fleetAxis, type NoisePlan } from "@tutti/record";
import { mergeDeep } from "@tutti/server";
import { attackCases } from "./attacks.ts";
import { withFreeSources } from "./attemptSources.ts";
import { combinations } from "./combinations.ts";
import { titleOf, type wholeMethod, type wholeTask } from "./entries.ts";
import type { Experiment } from "./experimentSchema.ts";
import type { Fleet } from "./fleet.ts";
import { noiseCases } from "./noise.ts";
import type { Cell, PlannedRun } from "./plannedRun.ts";
import { type FaultList, inTheLab, withinDevices } from "./runFaults.ts";
import { type Change, changesOf, isThere, withChanges } from "./settingChanges.ts";
import { taskDefaults } from "./taskDefaults.ts";

/** A method as a file gives it, whole. */
export type GivenMethod = ReturnType<typeof wholeMethod>;
type GivenTask = ReturnType<typeof wholeTask>;

/** A method on a task, where the file has both. */
export interface Entry {
  readonly experiment: Experiment;
  readonly method: GivenMethod;
  readonly methodAt: number;
  readonly task: GivenTask;
  readonly taskAt: number;
}

/** A cell whose settings hold. */
export interface Draft extends Entry, Pick<Cell, "variant" | "note" | "seeds"> {
  readonly settings: RunSettings;
  /** Absent where nothing is simulated. */
  readonly fleet?: Fleet | undefined;
  /** Absent where all devices are honest. */
  readonly attack?: AttackPlan | undefined;
  /** Absent where everything arrives as it was sent. */
  readonly noise?: NoisePlan | undefined;
}

/** Every combination of the axes for a method on a task; those with faults are left out and noted. */
export function draftsOf(entry: Entry, faults: FaultList): Draft[] {
  const { experiment, method, methodAt, task, taskAt } = entry;
  const title = titleOf(method);
  const preset = presets[experiment.base];
  const ofKind = mergeDeep(mergeDeep(preset, inTheLab), taskDefaults(findTask(task.name)));
  const given = mergeDeep(ofKind, { ...experiment.settings, task: task.name }) as Names;
  const ofTask = changesOf(`tasks.${taskAt}.set`, task.set);
  const ofMethod = changesOf(`methods.${methodAt}.set`, method.set);
  const base = withChanges(given, ofTask);
  const isSound = faults.check(withinDevices(base, preset), { name: task.name, changes: ofTask });
  return combinations(Object.entries(experiment.grid), method.name, task.name).flatMap(({ variant, changes: ofGrid }) => {
    const later = [...ofMethod, ...ofGrid];
    const changes = [...changesOf("settings", experiment.settings), ...ofTask, ...later];
    const settings = settingsOf({ base: isSound ? base : given, preset, method: method.name, later, changes });
    try {
      const free = withFreeSources(settings, { title, task: task.name });
      if (!faults.check(free.settings, { name: `${title} on ${task.name}`, changes }) || !isSound) return [];
      const draft = { ...entry, variant, note: free.note, seeds: experiment.seeds, settings: runSettingsSchema.parse(free.settings) };
      const drafts = onFleets(experiment, draft).flatMap((one) => underAttacks(experiment, one));
      return drafts.flatMap((one) => underNoise(experiment, one));
    } catch (error) {
      faults.note(`methods.${methodAt}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
}

/** The draft on each of the experiment's fleets, of which several are an axis. */
function onFleets({ fleets }: Experiment, draft: Draft): Draft[] {
  const named = Object.entries(fleets);
  if (named.length === 0) return [draft];
  return named.map(([name, fleet]) => ({
    ...draft,
    fleet,
    variant: named.length === 1 ? draft.variant : { ...draft.variant, [fleetAxis]: name },
  }));
}

/** The draft without attack and under each of the experiment's attacks on its method. */
function underAttacks(experiment: Experiment, draft: Draft): Draft[] {
  const cases = attackCases(experiment, titleOf(draft.method));
  if (cases.length === 0) return [draft];
  return cases.map(({ plan, variant, seeds }) => ({
    ...draft,
    attack: plan ?? undefined,
    variant: { ...draft.variant, ...variant },
    seeds,
  }));
}

/** The draft without noise and under each of the experiment's. */
function underNoise(experiment: Experiment, draft: Draft): Draft[] {
  const cases = noiseCases(experiment, titleOf(draft.method));
  if (cases.length === 0) return [draft];
  return cases.map(({ plan, variant }) => ({ ...draft, noise: plan ?? undefined, variant: { ...draft.variant, ...variant } }));
}

type Names = Readonly<Record<string, unknown>>;

interface RunParts {
  /** What methods start from. */
  readonly base: Names;
  readonly preset: RunSettings;
  readonly method: PlannedRun["method"];
  /** Of the method's entry and of the axes, which methods do not undo. */
  readonly later: readonly Change[];
  /** All of the file, for what somebody asked for. */
  readonly changes: readonly Change[];
}

/**
 * A run's settings before they are checked. What a method derives from a setting, such as epochs of fine-tuning, follows that setting wherever the
 * file gives it; so do cohort and start the number of devices.
 */
function settingsOf({ base, preset, method, later, changes }: RunParts): Names {
  const asked = new Set(changes.map(({ path }) => path));
  const whole = withChanges(base, later);
  const starts = [
    withChanges(
      base,
      later.filter(({ path }) => isThere(base, path)),
    ),
    base,
  ];
  const start = starts.map((one) => runSettingsSchema.safeParse(withinDevices(one, preset)).data).find((one) => one !== undefined);
  // where nothing is sound to start from, the faults are told as they are
  if (method === "settings" || start === undefined) return { ...whole, ...followed(whole, preset, (name) => asked.has(name)) };
  const made = methods[method].settings(start);
  const ofMethod = followers.filter((name) => made[name] !== start[name]);
  const kept = followers.filter((name) => asked.has(name) && !ofMethod.includes(name)).map((name) => [name, whole[name]] as const);
  const settings = { ...withChanges({ ...made }, later), ...Object.fromEntries(kept) };
  return { ...settings, ...followed(settings, preset, (name) => asked.has(name) || ofMethod.includes(name)) };
}
