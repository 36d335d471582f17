import { methodNames as comparison, type MethodName } from "@tutti/core";
import { z } from "zod";
import { attackSchema } from "../attacks/attackSchema.ts";
import { noiseSchema } from "../noise/noiseSchema.ts";
import { allMethods } from "./allMethods.ts";
import { fleetSchema } from "./fleet.ts";

const label = z.string().min(1).max(120);
const scalar = z.union([z.string(), z.number(), z.boolean()]).describe("a text, a number, true or false");
const taskName = z.string().min(1).describe("a task's name, such as feedback/topic");
/** As a run has it. */
const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
/** Settings by dotted path, such as `strategy.selector`. */
const changes = z.record(z.string().min(1), z.unknown()).describe("settings by dotted path, such as { training.localEpochs: 3 }");
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
  .describe("letters, digits and spaces, beginning with a letter");

const rate = z.number().positive().max(10);

const method = z
  .union([
    methodName,
    z.literal(allMethods),
    z.strictObject({
      name: methodName,
      title: label.exactOptional(),
      /** The tasks that it is run on; all of the file when absent. */
      tasks: z.array(taskName).min(1).exactOptional(),
      set: changes.default({}),
      /** Device rates to try in place of the experiment's: what is tuned decides which order of magnitude is worth trying. */
      rates: z.array(rate).min(1).exactOptional(),
      /** The method whose choice of a rate is taken over. */
      ratesOf: methodName.exactOptional(),
    }),
  ])
  .describe(
    `a method or { name, title, tasks, set, rates, ratesOf }, with the module of a strategy in place of the name; the methods are ${methodNames.join(", ")}, and ${allMethods} is every one but settings`,
  );

const task = z.union([taskName, z.strictObject({ name: taskName, set: changes.default({}) })]).describe("a task or { name, set }");
const probability = z.number().min(0).max(1).default(0);

const faultsSchema = z.strictObject({
  seed: z.int().min(0),

  drop: probability,
  slow: probability,
  duplicate: probability,
  reorder: probability,
  corrupt: probability,
  reload: probability,
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
  settings: z.record(z.string(), z.unknown()).describe("settings, such as { numRounds: 30 }").default({}),
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
  /** Tuned parameters that all runs start from in place of values drawn from their seeds: a run's id or folder, prompts.safetensors, or an adapter. */
  startFrom: z.string().min(1).describe("a run's id or folder, a prompts.safetensors, or the folder of a peft adapter").exactOptional(),
  /** Machines that the tabs simulate, by the fleet's name: every run is made on each fleet, tab i as machine i. */
  fleets: z
    .record(axisName, fleetSchema)
    .describe("fleets by name, each a file or { machines: [{ flopsPerSecond, memoryBytes, bytesPerSecond }] }")
    .default({}),
  /** What some devices do to harm the runs: every run is made without attack and under each of them. */
  attacks: z.array(attackSchema).default([]),
  /** Noise that tensors of training tasks meet on their way: every run is made without it and at each level of each. */
  noise: z.array(noiseSchema).default([]),
  /** What the clients are where the command does not say; tabs when absent. */
  clients: z.enum(["tabs", "node"]).exactOptional(),
  /** Tabs of one run; as many runs at once as the pool has room for. */
  tabsPerRun: z.int().min(1).max(64).default(1),
  backend: z.enum(["auto", "webgpu", "wasm", "cpu"]).default("auto"),
  faults: faultsSchema.exactOptional(),
});

type Written = z.output<typeof experimentSchema>;

/** An experiment with all defaults filled in and all of its methods written out. */
export type Experiment = Omit<Written, "methods"> & { readonly methods: Exclude<Written["methods"][number], typeof allMethods>[] };
/** An axis of the grid: the values that it takes, and the methods and tasks that it is for. */
export type ExperimentAxis = Experiment["grid"][string];
