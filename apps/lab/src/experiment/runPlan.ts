import { createHash } from "node:crypto";
import { mainMetric } from "@tutti/core";
import { findTask } from "@tutti/data";
import { runSettingsSchema } from "@tutti/protocol";
import { mergeDeep } from "@tutti/server";
import { triggerOf } from "./attacks.ts";
import { sourceIdentity } from "./attemptSources.ts";
import { type Draft, draftsOf, type GivenMethod } from "./drafts.ts";
import { titleOf, wholeMethod, wholeTask } from "./entries.ts";
import { ExperimentError } from "./experimentFile.ts";
import type { Experiment } from "./experimentSchema.ts";
import { clientsPerRun, machinesOf } from "./fleet.ts";
import type { Cell, ExperimentPlan, PlannedRun, RateGroup } from "./plannedRun.ts";
import { createFaultList, type FaultList } from "./runFaults.ts";

/** What runs use that the file does not say. With another hash it is another run. */
export interface FileHashes {
  /** Of the rows of a data set that was added, by task. */
  readonly rows?: ReadonlyMap<string, string>;
  /** Of ATTEMPT's source prompts, by the file's place in a public folder; an id without all of them is for a run that cannot start yet. */
  readonly sources?: ReadonlyMap<string, string>;
  /** Of the tuned parameters that all runs start from. */
  readonly start?: string | undefined;
}

/** Lays an experiment out; throws an ExperimentError with a line for each fault of its runs' settings. */
export function planExperiment(experiment: Experiment, hashes: FileHashes = {}): ExperimentPlan {
  const { rates, seeds } = experiment;
  const tasks = experiment.tasks.map(wholeTask);
  const faults = createFaultList();
  const drafts = tasks.flatMap((task, taskAt) => {
    if (!isKnownTask(task.name, taskAt, faults)) return [];
    return experiment.methods.flatMap((given, methodAt) => {
      const method = wholeMethod(given);
      return isFor(method, task.name) ? draftsOf({ experiment, method, methodAt, task, taskAt }, faults) : [];
    });
  });
  const lines = faults.lines();
  if (lines.length > 0)
    throw new ExperimentError(`these settings of the experiment are wrong:\n${lines.map((line) => `  ${line}`).join("\n")}`);
  const cells = distinctCells(
    drafts.map((draft) => cellOf(draft, hashes)),
    seeds[0] ?? 0,
  );
  const rateGroups = rates === undefined ? [] : groupsOf(cells, rates, rates.seed ?? seeds[0] ?? 0);
  return {
    cells,
    rateGroups,
    notes: [...new Set(cells.flatMap(({ note }) => note ?? []))],
    finalRuns: (chosen) =>
      cells.flatMap((cell) => cell.seeds.map((seed) => cell.run(seed, cell.rateKey === null ? null : (chosen.get(cell.rateKey) ?? null)))),
  };
}

/** All runs that an experiment may take: trials and final ones, each once; the final ones counted with every method's first rate. */
export function allRuns({ rateGroups, finalRuns }: ExperimentPlan): readonly PlannedRun[] {
  const first = new Map(rateGroups.map(({ key, trials }) => [key, trials[0]?.clientLearningRate ?? null]));
  return distinctRuns([...rateGroups.flatMap(({ trials }) => trials.map(({ run }) => run)), ...finalRuns(first)]);
}

/** The runs without those whose id came before. */
export function distinctRuns(runs: readonly PlannedRun[]): readonly PlannedRun[] {
  const known = new Set<string>();
  return runs.filter(({ id }) => !known.has(id) && known.add(id));
}

function isFor({ tasks }: GivenMethod, task: string): boolean {
  return tasks === undefined || tasks.includes(task);
}

function isKnownTask(name: string, at: number, faults: FaultList): boolean {
  try {
    findTask(name);
    return true;
  } catch (error) {
    faults.note(`tasks.${at}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** The entry whose rates decide for this one. */
function chooserOf(given: GivenMethod, experiment: Experiment): GivenMethod {
  const found = experiment.methods.map(wholeMethod).find(({ name, ratesOf }) => name === given.ratesOf && ratesOf === undefined);
  return given.ratesOf === undefined || found === undefined ? given : found;
}

function cellOf(draft: Draft, hashes: FileHashes): Cell {
  const { experiment, method: given, variant, note, seeds, attack, noise, settings: varied } = draft;
  const task = draft.task.name;
  const fleet = draft.fleet === undefined ? undefined : machinesOf(draft.fleet, clientsPerRun(experiment));
  const trigger = triggerOf(experiment) ?? undefined;
  const { name } = given;
  const { rates, faults } = experiment;
  const rows = hashes.rows?.get(task);
  const methodTitle = titleOf(given);
  const run = (seed: number, clientLearningRate: number | null, isRateTrial = false): PlannedRun => {
    const training = clientLearningRate === null ? {} : { training: { clientLearningRate } };
    const settings = runSettingsSchema.parse(mergeDeep(varied, { seed, ...training }));
    const plan = faults ?? null;
    const { maxDevices: _, ...decisive } = settings; // ids of results that there are do not know the bound of an open roster
    const identity = {
      settings: decisive,
      method: name,
      task,
      faults: plan,
      fleet, // left out like `rows`
      attack, // left out like `rows`
      noise, // left out like `rows`
      trigger, // left out like `rows`
      start: hashes.start, // left out like `rows`
      rows, // left out of the text where the data set comes with the project
      ...sourceIdentity(settings, hashes.sources ?? new Map()),
    };
    const id = createHash("sha256")
      .update(JSON.stringify(sorted(identity)))
      .digest("hex")
      .slice(0, 16);
    const metric = mainMetric(findTask(task), settings);
    return {
      id,
      method: name,
      methodTitle,
      variant,
      isRateTrial,
      task,
      metric,
      seed: settings.seed,
      settings,
      faults: plan,
      startFrom: experiment.startFrom,
      fleet,
      attackPlan: attack,
      noisePlan: noise,
      trigger,
    };
  };
  const rateTask = rates?.task ?? task;
  const rateVariant = rates?.eachVariant === true ? Object.values(variant) : [];
  const chooser = chooserOf(given, experiment);
  const rateKey = rates === undefined ? null : [chooser.name, titleOf(chooser), rateTask, ...rateVariant].join("/");
  const rateValues = chooser === given ? (given.rates ?? rates?.values ?? []) : null;
  return { method: name, methodTitle, task, variant, rateKey, rateValues, note, seeds, run };
}

/** Two cells of a method and task with the same settings are one: a method may have nothing that an axis changes. */
function distinctCells(cells: readonly Cell[], seed: number): Cell[] {
  const known = new Set<string>();
  return cells.filter((cell) => {
    const key = `${cell.methodTitle}/${cell.run(seed, null).id}/${JSON.stringify(cell.variant)}`;
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

function groupsOf(cells: readonly Cell[], rates: NonNullable<Experiment["rates"]>, seed: number): RateGroup[] {
  const groups = new Map<string, RateGroup>();
  for (const cell of cells) {
    if (cell.rateKey === null || cell.rateValues === null || groups.has(cell.rateKey)) continue;
    if (rates.task !== undefined && cell.task !== rates.task) continue;
    const trials = cell.rateValues.map((clientLearningRate) => {
      return { clientLearningRate, run: { ...cell.run(seed, clientLearningRate), isRateTrial: true } };
    });
    groups.set(cell.rateKey, { key: cell.rateKey, method: cell.method, task: cell.task, seed, trials });
  }
  const missing = cells.find(({ rateKey }) => rateKey !== null && !groups.has(rateKey));
  if (missing !== undefined && rates.task === undefined)
    throw new ExperimentError(
      `methods: ${missing.methodTitle} on ${missing.task} takes over the rate of a method that does not run there; add ${missing.task} to that method's tasks`,
    );
  if (missing !== undefined)
    throw new ExperimentError(`rates.task: found ${rates.task}, on which ${missing.rateKey} does not run; add ${rates.task} to tasks`);
  return [...groups.values()];
}

/** The same value with names in alphabetical order, so that its text does not depend on how it was written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
