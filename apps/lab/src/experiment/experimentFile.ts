import { basename, extname } from "node:path";
import { knownNames, settingFaults } from "@tutti/protocol";
import { fleetAxis } from "@tutti/record";
import { mergeDeep, readSettingsFile, type TextsReader, withModules } from "@tutti/server";
import { publicFolder } from "@tutti/server/checkout";
import { writtenOut } from "./allMethods.ts";
import { attackFaults } from "./attacks.ts";
import { strangers } from "./axisNames.ts";
import { contradictions } from "./contradictions.ts";
import { type Experiment, experimentSchema } from "./experimentSchema.ts";
import { fleetOfFile, withFleetFiles } from "./fleet.ts";
import { withMethodModules } from "./methodModules.ts";
import { noiseFaults } from "./noise.ts";
import { faultsOfSettings, namesBelowSettings } from "./runFaults.ts";

/** A file that is not an experiment; the message names the place and what was expected there. */
export class ExperimentError extends Error {
  override readonly name = "ExperimentError";
}

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
    ...strangers(experiment),
    ...fleetFaults(experiment),
    ...attackFaults(experiment),
    ...noiseFaults(experiment),
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
      ? [`grid.${name}: plain values need a path, such as path: strategy.selector`]
      : [],
  );
}

/** Fleets are an axis of the tables, which has a name. */
function fleetFaults({ grid, fleets }: Experiment): string[] {
  return Object.keys(fleets).length > 1 && Object.hasOwn(grid, fleetAxis)
    ? [`grid.${fleetAxis}: fleets are an axis of that name already; give this one another`]
    : [];
}

function refuse(faults: readonly string[], where: string): never {
  throw new ExperimentError(`${where} is not a valid experiment:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** Fairness: no method tries more rates than another, and a rate is taken over from a method that chooses one. */
function rateFaults({ rates, methods: given }: Experiment): string[] {
  const own = given.flatMap((one) => (typeof one === "string" ? [] : [one]));
  return given.flatMap((one, at) => {
    if (typeof one === "string" || (one.rates ?? one.ratesOf) === undefined) return [];
    const place = `methods.${at}`;
    if (rates === undefined)
      return [`${place}: found rates of a method, but the experiment has none; add rates, whose values the other methods try`];
    if (one.rates !== undefined && one.ratesOf !== undefined) return [`${place}: give rates or ratesOf, not both`];
    if (one.rates !== undefined && one.rates.length !== rates.values.length)
      return [`${place}.rates: found ${one.rates.length}, expected ${rates.values.length}, as many as rates.values`];
    const isChoosing =
      given.some((other) => other === one.ratesOf) || own.some((other) => other.name === one.ratesOf && other.ratesOf === undefined);
    return one.ratesOf === undefined || isChoosing
      ? []
      : [`${place}.ratesOf: found ${one.ratesOf}, expected a method of this file that chooses its own rate`];
  });
}

/** Where an experiment's parts lie. */
interface ExperimentPlace {
  readonly publicDir?: string;
  /** The file of a fleet, which alone is simulated then. */
  readonly fleet?: string | null;
}

/** Reads an experiment's file and the files of its fleets, loads the modules that it names as strategies and reads the public texts that it names. */
export async function readExperiment(
  path: string,
  { publicDir = publicFolder(), fleet = null }: ExperimentPlace = {},
): Promise<NamedExperiment> {
  const readTexts: TextsReader = async (place) => {
    const { readPublicTextsAt, rememberDatasets } = await import("@tutti/data/node");
    await rememberDatasets(publicDir);
    return readPublicTextsAt(place, publicDir);
  };
  const given = await withModules(withMethodModules(withFleetFiles(readSettingsFile(path), path)), path, readTexts);
  const experiment = parseExperiment(mergeDeep({}, given), path);
  return { name: basename(path, extname(path)), experiment: fleet === null ? experiment : { ...experiment, fleets: fleetOfFile(fleet) } };
}
