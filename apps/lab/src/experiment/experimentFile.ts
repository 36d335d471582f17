import { basename, extname } from "node:path";
import { methodNames as comparison, type MethodName } from "@tutti/core";
import { knownNames, settingFaults } from "@tutti/protocol";
import { mergeDeep, readSettingsFile, withModules } from "@tutti/server";
import { z } from "zod";
import { allMethods, writtenOut } from "./allMethods.ts";
import { strangersInAxes } from "./axisNames.ts";
import { contradictions } from "./contradictions.ts";
import { withMethodModules } from "./methodModules.ts";
import { faultsOfSettings, namesBelowSettings } from "./runFaults.ts";

/** A file that is not an experiment; the message names the place and what was expected there. */
export class ExperimentError extends Error {
  override readonly name = "ExperimentError";
}

const label = z.string().min(1).max(120);
const scalar = z.union([z.string(), z.number(), z.boolean()]).describe("a text, a number, true or false");
const taskName = z.string().min(1).describe("a task's name, such as feedback/topic");
/** As a run has it. */
const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
/** Settings by dotted path, such as `strategy.selector`. */
const changes = z.record(z.string().min(1), z.unknown()).describe("values by dotted path, such as { training.localEpochs: 3 }");
const methodNames: readonly (MethodName | "settings")[] = ["settings", ...comparison];
const methodName = z.enum(methodNames);
const only = { methods: z.array(methodName).exactOptional(), tasks: z.array(taskName).exactOptional() };

const axisValue = z
  .union([scalar, z.strictObject({ label: scalar, set: changes, ...only })])
  .describe("a value, or { label, set: { path: value } }");

const axis = z.strictObject({
  /** What a plain value is given to. */
  path: z.string().min(1).exactOptional(),
  values: z.array(axisValue).min(1),
  /** The methods and tasks that the axis is for; the others have one run without it. */
  ...only,
});

const axisName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9 ]*$/)
  .describe("letters, digits and spaces, a letter first");

const rate = z.number().positive().max(10);

const method = z
  .union([
    methodName,
    z.literal(allMethods),
    z.strictObject({
      name: methodName,
      title: label.exactOptional(),
      set: changes.default({}),
      /** Device rates to try in place of the experiment's: what is tuned decides which order of magnitude is worth trying. */
      rates: z.array(rate).min(1).exactOptional(),
      /** The method whose choice of a rate is taken over. */
      ratesOf: methodName.exactOptional(),
    }),
  ])
  .describe(
    `a method or { name, title, set, rates, ratesOf }, with the module of a strategy in place of the name; the methods are ${methodNames.join(", ")}, and ${allMethods} is every one but settings`,
  );

const task = z.union([taskName, z.strictObject({ name: taskName, set: changes.default({}) })]).describe("a task or { name, set }");
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
  settings: z.record(z.string(), z.unknown()).describe("names and values as a run has them").default({}),
  /** A task may have settings of its own, by dotted path. */
  tasks: z.array(task).min(1),
  seeds: z.array(seed).min(1),
  methods: z.array(method).min(1),
  /** Axes: every combination of their values is run. */
  grid: z.record(axisName, axis).default({}),
  /** Device rates to try: on one seed, chosen by validation, then fixed for every seed. */
  rates: z
    .strictObject({
      values: z.array(rate).min(1),
      /** The first seed when absent. */
      seed: seed.exactOptional(),
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

type Written = z.output<typeof experimentSchema>;

/** An experiment with all defaults filled in and all of its methods written out. */
export type Experiment = Omit<Written, "methods"> & { readonly methods: Exclude<Written["methods"][number], typeof allMethods>[] };
export type ExperimentAxis = Experiment["grid"][string];

/** An experiment with its name, which is that of its file. */
export interface NamedExperiment {
  readonly name: string;
  readonly experiment: Experiment;
}

/** Parses what a file holds; throws an ExperimentError with a line for each fault. */
export function parseExperiment(input: unknown, where: string): Experiment {
  const parsed = experimentSchema.safeParse(input);
  const ofSettings = faultsOfSettings(typeof input === "object" && input !== null ? input : {}, knownNames(experimentSchema));
  if (!parsed.success) refuse([...settingFaults(experimentSchema, input, { others: namesBelowSettings }), ...ofSettings], where);
  const { methods, ...rest } = parsed.data;
  const experiment = { ...rest, methods: writtenOut(methods, rest.rates?.values.length ?? null) };
  const found = [
    ...ofSettings,
    ...contradictions(experiment),
    ...strangersInAxes(experiment),
    ...lostValues(experiment),
    ...rateFaults(experiment),
  ];
  if (found.length > 0) refuse(found, where);
  return experiment;
}

/** Plain values on an axis without a path: nothing says which setting they are for. */
function lostValues({ grid }: Experiment): string[] {
  return Object.entries(grid).flatMap(([name, { path, values }]) =>
    path === undefined && values.some((value) => typeof value !== "object")
      ? [`grid.${name}: a plain value needs the axis to have a path, such as strategy.selector`]
      : [],
  );
}

function refuse(faults: readonly string[], where: string): never {
  throw new ExperimentError(`${where} is not an experiment:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** Fairness: no method tries more rates than another, and a rate is taken over from a method that chooses one. */
function rateFaults({ rates, methods: given }: Experiment): string[] {
  const own = given.flatMap((one) => (typeof one === "string" ? [] : [one]));
  return given.flatMap((one, at) => {
    if (typeof one === "string" || (one.rates ?? one.ratesOf) === undefined) return [];
    const place = `methods.${at}`;
    if (rates === undefined) return [`${place}: rates of a method need the experiment's rates, with the values of the others`];
    if (one.rates !== undefined && one.ratesOf !== undefined) return [`${place}: give rates or ratesOf, not both`];
    if (one.rates !== undefined && one.rates.length !== rates.values.length)
      return [`${place}.rates: found ${one.rates.length}, expected ${rates.values.length}, as many as every method tries`];
    const isChoosing =
      given.some((other) => other === one.ratesOf) || own.some((other) => other.name === one.ratesOf && other.ratesOf === undefined);
    return one.ratesOf === undefined || isChoosing ? [] : [`${place}.ratesOf: ${one.ratesOf} is not among the methods that choose a rate`];
  });
}

/** Reads an experiment's file and loads the modules that it names as strategies. */
export async function readExperiment(path: string): Promise<NamedExperiment> {
  const given = await withModules(withMethodModules(readSettingsFile(path)), path);
  return { name: basename(path, extname(path)), experiment: parseExperiment(mergeDeep({}, given), path) };
}
