import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nearestOf } from "@tutti/protocol";
import { publicFolder } from "@tutti/server/checkout";
import { shellWord } from "@tutti/terminal";
import { ExperimentError } from "../experiment/experimentFile.ts";
import type { Experiment } from "../experiment/experimentSchema.ts";

/** How a lab opens clients. */
export interface LabClients {
  readonly clients: "tabs" | "node";
  /** In all; null for one per core. */
  readonly numTabs: number | null;
  readonly isHeaded: boolean;
}

/** How an experiment is run. */
export interface LabOptions extends Omit<LabClients, "clients"> {
  /** Null for what the experiment's file says, or tabs. */
  readonly clients: LabClients["clients"] | null;
  /** The experiment's name where it is one of the built-in ones. */
  readonly preset: string | null;
  /** The experiment's file. */
  readonly file: string;
  /** Null for `runs/lab/<name>`. */
  readonly out: string | null;
  /** Folders of other experiments, whose results serve for the same runs. */
  readonly reuse: readonly string[];
  /** Clients of other machines that every run waits for. */
  readonly numRemote: number;
  readonly host: string;
  /** The first run's; null for any free one. */
  readonly port: number | null;
  /** Starts experiments of more than an hour without asking. */
  readonly isConfirmed: boolean;
  /** Says what the runs would take and ends. */
  readonly isEstimate: boolean;
  /** A file with the machines that all runs simulate, in place of the fleets of the experiment's file; null for those. */
  readonly fleet: string | null;
  readonly publicDir: string;
}

/** Where the built-in experiments are. */
export const experimentsFolder = fileURLToPath(new URL("../../experiments", import.meta.url));

/** Names of the built-in experiments. */
export function presetNames(): string[] {
  return readdirSync(experimentsFolder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.replace(/\.yaml$/, ""))
    .sort();
}

const defaultPublic = publicFolder();

/** Options for a built-in experiment or an experiment's file, with defaults for what is not given; throws an ExperimentError for a name that is neither. */
export function labOptions(experiment: string, given: Partial<Omit<LabOptions, "file" | "preset">> = {}): LabOptions {
  for (const folder of given.reuse ?? []) requireResults(folder);
  return {
    ...findExperiment(experiment),

    out: null,
    reuse: [],
    clients: null,
    numTabs: null,
    fleet: null,
    numRemote: 0,
    host: "127.0.0.1",
    port: null,

    isConfirmed: false,
    isEstimate: false,
    isHeaded: false,
    publicDir: defaultPublic,
    ...given,
  };
}

type OfCommand = Pick<LabOptions, "preset" | "file" | "out" | "clients" | "numTabs" | "fleet" | "numRemote" | "publicDir">;

/** The command that makes a report again, from where it was given; a preset needs no `--out`. */
export function commandAgain({ preset, file, out, clients, numTabs, fleet, numRemote, publicDir }: OfCommand): string {
  const words = [
    ...(preset === null ? [file, ...(out === null ? [] : ["--out", out])] : [preset]),
    ...(clients === null ? [] : ["--clients", clients]),
    ...(numTabs === null ? [] : ["--tabs", String(numTabs)]),
    ...(fleet === null ? [] : ["--fleet", fleet]),
    ...(numRemote === 0 ? [] : ["--remote", String(numRemote)]),
    ...(publicDir === defaultPublic ? [] : ["--public", publicDir]),
  ];
  return ["npx tutti lab run", ...words.map(shellWord)].join(" ");
}

/** What the clients of an experiment are; throws an ExperimentError where its devices attack, or meet noise, and the clients cannot. */
export function clientKindOf(
  { clients, numRemote }: Pick<LabOptions, "clients" | "numRemote">,
  experiment: Experiment,
): LabClients["clients"] {
  const kind = clients ?? experiment.clients ?? "tabs";
  if (experiment.attacks.length > 0 && (kind === "tabs" || numRemote > 0))
    throw new ExperimentError(
      "this experiment's devices attack, which only clients in Node processes of this machine do: give --clients node, and no --remote",
    );
  if (experiment.noise.length > 0 && (kind === "tabs" || numRemote > 0))
    throw new ExperimentError(
      "this experiment adds noise to what travels, which only clients in Node processes of this machine do: give --clients node, and no --remote",
    );
  return kind;
}

function requireResults(folder: string): void {
  if (existsSync(join(folder, "runs"))) return;
  throw new ExperimentError(`--reuse ${folder}: expected the folder of an experiment, which has its runs in runs/`);
}

/** The file of a built-in experiment, or a file as it was given. */
export function findExperiment(name: string): Pick<LabOptions, "file" | "preset"> {
  if (presetNames().includes(name)) return { file: join(experimentsFolder, `${name}.yaml`), preset: name };
  if (existsSync(name)) return { file: name, preset: null };
  const [nearest] = nearestOf(name, presetNames(), (preset) => preset);
  const meant = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  throw new ExperimentError(`there is no experiment or file ${name}; the built-in experiments are ${presetNames().join(", ")}${meant}`);
}
