import { basename, extname } from "node:path";
import { type MethodName, methods } from "@tutti/core";
import { mergeDeep, readSettingsFile } from "@tutti/server";
import { z } from "zod";
import { strangersInAxes } from "./axisNames.ts";
import { contradictions } from "./contradictions.ts";
import { namesAt, valueAt } from "./schemaNames.ts";

/** A file that is no experiment; the message names the place and what was expected there. */
export class ExperimentError extends Error {
  override readonly name = "ExperimentError";
}

const label = z.string().min(1).max(120);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const taskName = z.string().min(1);
/** Settings by dotted path, such as `strategy.selector`. */
const changes = z.record(z.string().min(1), z.unknown());
const methodNames: readonly (MethodName | "settings")[] = ["settings", ...(Object.keys(methods) as MethodName[])];
const methodName = z.enum(methodNames);
const only = { methods: z.array(methodName).exactOptional(), tasks: z.array(taskName).exactOptional() };

const axisValue = z.union([scalar, z.strictObject({ label: scalar, set: changes, ...only })], {
  error: "expected a value, or {label, set: {path: value}}",
});

const axis = z.strictObject({
  /** What a plain value is given to. */
  path: z.string().min(1).exactOptional(),
  values: z.array(axisValue).min(1),
  /** The methods and tasks that the axis is for; the others have one run without it. */
  ...only,
});

const rate = z.number().positive().max(10);

const method = z.union(
  [
    methodName,
    z.strictObject({
      name: methodName,
      title: label.exactOptional(),
      set: changes.default({}),
      /** Device rates to try in place of the experiment's: what is tuned decides which order of magnitude is worth trying. */
      rates: z.array(rate).min(1).exactOptional(),
      /** The method whose choice of a rate is taken over. */
      ratesOf: methodName.exactOptional(),
    }),
  ],
  { error: `expected a method or {name, title, set, rates, ratesOf}; the methods are ${methodNames.join(", ")}` },
);

const task = z.union([taskName, z.strictObject({ name: taskName, set: changes.default({}) })], { error: "expected a task or {name, set}" });
const probability = z.number().min(0).max(1).default(0);

const faultsSchema = z.strictObject({
  seed: z.int().min(0),
  ...{ drop: probability, slow: probability, duplicate: probability, reorder: probability, corrupt: probability, reload: probability },
});

/** An experiment as a YAML file gives it; every name is checked, and what is left out has a default. */
export const experimentSchema = z.strictObject({
  title: label,
  /** What it asks, in a sentence. */
  question: z.string().min(1).max(500),
  notes: z.array(z.string()).default([]),
  /** The settings that all runs start from. */
  base: z.enum(["default", "official", "demo"]).default("default"),
  /** Laid over the base, name by name. */
  settings: z.record(z.string(), z.unknown()).default({}),
  /** A task may have settings of its own, by dotted path. */
  tasks: z.array(task).min(1),
  seeds: z.array(z.int().min(0)).min(1),
  methods: z.array(method).min(1),
  /** Axes: every combination of their values is run. */
  grid: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9 ]*$/, "an axis is named by letters, digits and spaces"), axis).default({}),
  /** Device rates to try: on one seed, chosen by validation, then fixed for every seed. */
  rates: z
    .strictObject({
      values: z.array(rate).min(1),
      /** The first seed when absent. */
      seed: z.int().min(0).exactOptional(),
      /** Chosen on this task for all; on each task by itself when absent. */
      task: taskName.exactOptional(),
      /** Whether every combination of the grid has a choice of its own, or its method's first one decides for all. */
      eachVariant: z.boolean().default(true),
    })
    .exactOptional(),
  budget: z
    .strictObject({
      /** More are refused before anything starts. */
      maxRuns: z.int().min(1).exactOptional(),
      /** A run that takes longer ends with an error. */
      minutesPerRun: z.number().positive().default(60),
      /** A run in which no step closes for so long ends with an error. */
      minutesPerStep: z.number().positive().default(10),
    })
    .prefault({}),
  /** Tabs of one run; as many runs at once as the pool has room for. */
  tabsPerRun: z.int().min(1).max(64).default(1),
  backend: z.enum(["auto", "webgpu", "wasm", "cpu"]).default("auto"),
  faults: faultsSchema.exactOptional(),
});

/** An experiment with all defaults filled in. */
export type Experiment = z.output<typeof experimentSchema>;
export type ExperimentAxis = Experiment["grid"][string];

/** An experiment with its name, which is that of its file. */
export interface NamedExperiment {
  readonly name: string;
  readonly experiment: Experiment;
}

/** Parses what a file holds; throws an ExperimentError with a line for each fault. */
export function parseExperiment(input: unknown, where: string): Experiment {
  const parsed = experimentSchema.safeParse(input);
  if (!parsed.success)
    refuse(
      parsed.error.issues.flatMap((issue) => describe(issue, input)),
      where,
    );
  const experiment = parsed.data;
  const found = [...contradictions(experiment), ...strangersInAxes(experiment)];
  if (found.length > 0) refuse(found, where);
  for (const [name, { path, values }] of Object.entries(experiment.grid)) {
    if (path === undefined && values.some((value) => typeof value !== "object"))
      throw new ExperimentError(`${where}: grid.${name}: a plain value needs the axis to have a path, such as strategy.selector`);
  }
  requireRates(experiment, where);
  return experiment;
}

function refuse(faults: readonly string[], where: string): never {
  throw new ExperimentError(`${where} is no experiment:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** Fairness: no method tries more rates than another, and a rate is taken over from a method that chooses one. */
function requireRates({ rates, methods: given }: Experiment, where: string): void {
  const own = given.flatMap((one) => (typeof one === "string" ? [] : [one]));
  for (const [at, one] of given.entries()) {
    if (typeof one === "string" || (one.rates ?? one.ratesOf) === undefined) continue;
    const place = `${where}: methods.${at}`;
    if (rates === undefined)
      throw new ExperimentError(`${place}: rates of a method need the experiment's rates, with the values of the others`);
    if (one.rates !== undefined && one.ratesOf !== undefined) throw new ExperimentError(`${place}: give rates or ratesOf, not both`);
    if (one.rates !== undefined && one.rates.length !== rates.values.length)
      throw new ExperimentError(
        `${place}.rates: found ${one.rates.length}, expected ${rates.values.length}, as many as every method tries`,
      );
    const isChoosing =
      given.some((other) => other === one.ratesOf) || own.some((other) => other.name === one.ratesOf && other.ratesOf === undefined);
    if (one.ratesOf !== undefined && !isChoosing)
      throw new ExperimentError(`${place}.ratesOf: ${one.ratesOf} is not among the methods that choose a rate`);
  }
}

/** Reads an experiment's file. */
export function readExperiment(path: string): NamedExperiment {
  const extension = extname(path);
  return { name: basename(path, extension), experiment: parseExperiment(mergeDeep({}, readSettingsFile(path)), path) };
}

function describe(issue: z.core.$ZodIssue, input: unknown): string[] {
  const found = issue.path.reduce(valueAt, input);
  const inner = issue.code === "invalid_union" ? issuesOfObject(issue, found) : [];
  if (inner.length > 0) return inner.flatMap((one) => describe({ ...one, path: [...issue.path, ...one.path] }, input));
  const path = issue.path.join(".");
  const shown = path === "" ? "the file" : path;
  if (issue.code === "unrecognized_keys") {
    const known = namesAt(experimentSchema, issue.path, input);
    const expected = known.length === 0 ? "" : `; expected one of ${known.join(", ")}`;
    return issue.keys.map((key) => `${[...issue.path, key].join(".")}: there is no such name${expected}`);
  }
  const shownValue = found === undefined ? "nothing" : JSON.stringify(found).slice(0, 80);
  return [`${shown}: ${issue.message}; found ${shownValue}`];
}

/** What is wrong with an entry that may be a name or an object, where it is an object; nothing where it is something else. */
function issuesOfObject({ errors }: z.core.$ZodIssueInvalidUnion, found: unknown): readonly z.core.$ZodIssue[] {
  if (typeof found !== "object" || found === null || Array.isArray(found)) return [];
  return errors.find((issues) => issues.every(({ code, path }) => path.length > 0 || code === "unrecognized_keys")) ?? [];
}
