import { basename, dirname, extname, resolve } from "node:path";
import { type ClientProfile, clientProfileSchema } from "@tutti/core";
import { settingFaults } from "@tutti/protocol";
import { ConfigError, type Overrides, readSettingsFile } from "@tutti/server";
import { z } from "zod";

const maxMachines = 1000;

/** Machines that the clients of a run simulate: client i is machine i modulo their number. */
export const fleetSchema = z.strictObject({ machines: z.array(clientProfileSchema).min(1).max(maxMachines).readonly() });

/** Machines of a run's clients. */
export type Fleet = Readonly<z.output<typeof fleetSchema>>;

/** What of an experiment says how many clients a run has. */
export interface Fleets {
  readonly tabsPerRun: number;
  /** By name. */
  readonly fleets: Readonly<Record<string, Fleet>>;
}

/**
 * The machines that clients simulate, client i the machine i modulo their number: YAML or JSON with `machines`, each of `flopsPerSecond`,
 * `memoryBytes` and `bytesPerSecond`. Throws a ConfigError that says what is wrong.
 */
export function readFleet(path: string): readonly ClientProfile[] {
  const content = readSettingsFile(path);
  const parsed = fleetSchema.safeParse(content);
  if (parsed.success) return parsed.data.machines;
  const faults = settingFaults(fleetSchema, content).map((fault) => `  ${fault}`);
  throw new ConfigError(
    `${path} is not a fleet, which is a list of machines with flopsPerSecond, memoryBytes and bytesPerSecond:\n${faults.join("\n")}`,
  );
}

/** An experiment as its file gives it, with the machines of each fleet that is another file; that file's path is counted from the experiment's folder. */
export function withFleetFiles(file: Overrides, path: string): Overrides {
  const { fleets } = file;
  if (typeof fleets !== "object" || fleets === null || Array.isArray(fleets)) return file;
  const read = Object.entries(fleets).map(([name, given]: [string, unknown]) => [
    name,
    typeof given === "string" ? { machines: readFleet(resolve(dirname(path), given)) } : given,
  ]);
  return { ...file, fleets: Object.fromEntries(read) };
}

/** The one fleet of a file, by the file's name. */
export function fleetOfFile(path: string): Readonly<Record<string, Fleet>> {
  return { [basename(path, extname(path))]: { machines: readFleet(path) } };
}

/** The machine of each of a run's clients. */
export function machinesOf({ machines }: Fleet, numClients: number): readonly ClientProfile[] {
  return Array.from({ length: numClients }, (_, client) => machines[client % machines.length]).filter((machine) => machine !== undefined);
}

/** Clients that each run has: as many as the experiment asks for, and one for every machine of its largest fleet. */
export function clientsPerRun({ tabsPerRun, fleets }: Fleets): number {
  return Math.max(tabsPerRun, ...Object.values(fleets).map(({ machines }) => machines.length));
}

/** Clients in all where nobody says how many: one per core, but never fewer than one run with a fleet needs. Throws a ConfigError for fewer. */
export function clientsInAll(fleets: Fleets, numCores: number, asked: number | null): number {
  const needed = clientsPerRun(fleets);
  if (Object.keys(fleets.fleets).length === 0) return asked ?? numCores;
  if (asked === null || asked >= needed) return asked ?? Math.max(numCores, needed);
  throw new ConfigError(
    `--tabs ${asked}: each run needs ${needed} tabs, one for every machine of its fleet; give --tabs ${needed} or more, or leave it out`,
  );
}
