import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { methodNames } from "@tutti/core";
import { nearestOf } from "@tutti/protocol";
import { projectFolder } from "@tutti/server/checkout";
import { ExperimentError } from "../experiment/experimentFile.ts";

/** What the command line says. */
export interface LabOptions {
  /** The file of an experiment; null where none is asked for. */
  readonly file: string | null;
  /** Its name where it is one of the built-in ones. */
  readonly preset: string | null;
  readonly out: string | null;
  /** Folders of other experiments, whose results serve for the same runs. */
  readonly reuse: readonly string[];
  readonly clients: "tabs" | "node";
  /** In all; one per core when absent. */
  readonly numTabs: number | null;
  /** Clients of other machines that every run waits for. */
  readonly numRemote: number;
  readonly host: string;
  /** The first run's; null for any free one. */
  readonly port: number | null;
  /** A running lab to join. */
  readonly join: string | null;
  readonly isConfirmed: boolean;
  readonly isList: boolean;
  readonly isEstimate: boolean;
  readonly isHeaded: boolean;
  readonly publicDir: string;
}

/** Where the built-in experiments are. */
export const experimentsFolder = join(projectFolder, "apps/lab/experiments");

/** Names of the built-in experiments. */
export function presetNames(): string[] {
  return readdirSync(experimentsFolder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.replace(/\.yaml$/, ""))
    .sort();
}

/** How the command is used. */
export const usage = `npm run lab -- <preset | file.yaml> [options]

  --out DIR            where results go, runs/lab/<name> by default; the same command goes on where it was stopped
  --reuse DIR          takes the results of runs that are the same from another experiment's folder; may be given several times
  --clients tabs|node  tabs of a browser (default), or processes with the same client code
  --tabs N             tabs in all; one per core by default
  --join URL           opens tabs here that join a lab running on another machine
  --remote N           every run waits for N more tabs, opened elsewhere with --join
  --host H --port P    where the runs listen, 127.0.0.1 and any free port by default; runs at the same time take P, P + 1, …
  --list               the built-in experiments, or the runs of the one that is named
  --estimate           only says what the runs would take
  --yes                does not ask before long experiments
  --public DIR         backbones, data sets and source prompts
  --headed             shows the tabs`;

const defaultPublic = join(projectFolder, "public");

type OfCommand = Pick<LabOptions, "preset" | "file" | "out" | "clients" | "numTabs" | "numRemote" | "publicDir">;

/** The command that makes a report again, from where it was given; a preset needs no `--out`. */
export function commandAgain({ preset, file, out, clients, numTabs, numRemote, publicDir }: OfCommand): string {
  const words = [
    ...(preset === null ? [file ?? "", ...(out === null ? [] : ["--out", out])] : [preset]),
    ...(clients === "tabs" ? [] : ["--clients", clients]),
    ...(numTabs === null ? [] : ["--tabs", String(numTabs)]),
    ...(numRemote === 0 ? [] : ["--remote", String(numRemote)]),
    ...(publicDir === defaultPublic ? [] : ["--public", publicDir]),
  ];
  return ["npm run lab --", ...words.map(shellWord)].join(" ");
}

/** A word that a shell takes as it is. */
const shellWord = (text: string) => (/^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Parses the command line; throws an ExperimentError that says what was expected. */
export function parseOptions(args: readonly string[]): LabOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{
          out: text,
          clients: text,
          tabs: text,
          join: text,
          remote: text,
          host: text,
          port: text,
          public: text,
          reuse: { type: "string", multiple: true },
        },
        ...{ yes: flag, list: flag, estimate: flag, headed: flag, help: { ...flag, short: "h" } },
      },
    }),
  );
  const [name, ...more] = positionals;
  if (more.length > 0) throw new ExperimentError(`one experiment at a time: found ${positionals.join(", ")}\n\n${usage}`);
  if (values.help || (name === undefined && !values.list && values.join === undefined))
    throw new ExperimentError(
      `${usage}\n\nThe presets are ${presetNames().join(", ")}.\nThe methods of an experiment are ${methodNames.join(", ")}, or all.`,
    );
  return {
    ...fileOf(name),
    out: values.out ?? null,
    reuse: (values.reuse ?? []).map((folder) => requireResults(folder)),
    clients: clientsOf(values.clients ?? "tabs"),
    numTabs: countOf("--tabs", values.tabs, 1, 256),
    numRemote: countOf("--remote", values.remote, 0, 256) ?? 0,
    host: values.host ?? "127.0.0.1",
    port: countOf("--port", values.port, 1, 65_000),
    join: values.join ?? null,
    isConfirmed: values.yes,
    isList: values.list,
    isEstimate: values.estimate,
    isHeaded: values.headed,
    publicDir: values.public ?? defaultPublic,
  };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ExperimentError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, { cause: error });
  }
}

function requireResults(folder: string): string {
  if (existsSync(join(folder, "runs"))) return folder;
  throw new ExperimentError(`--reuse ${folder}: expected the folder of an experiment, which has its runs in runs/`);
}

function clientsOf(kind: string): "tabs" | "node" {
  if (kind === "tabs" || kind === "node") return kind;
  throw new ExperimentError(`--clients ${kind}: expected tabs or node`);
}

function countOf(flag: string, given: string | undefined, least: number, most: number): number | null {
  if (given === undefined) return null;
  const count = Number(given);
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new ExperimentError(`${flag} ${given}: expected a whole number from ${least} to ${most}`);
}

function fileOf(name: string | undefined): Pick<LabOptions, "file" | "preset"> {
  if (name === undefined) return { file: null, preset: null };
  if (presetNames().includes(name)) return { file: join(experimentsFolder, `${name}.yaml`), preset: name };
  if (existsSync(name)) return { file: name, preset: null };
  const [nearest] = nearestOf(name, presetNames(), (preset) => preset);
  const meant = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  throw new ExperimentError(`there is neither a preset nor a file ${name}; the presets are ${presetNames().join(", ")}${meant}`);
}
