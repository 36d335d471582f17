import { type ClientProfile, clientProfileSchema } from "@tutti/core";
import { settingFaults } from "@tutti/protocol";
import { ConfigError, readSettingsFile } from "@tutti/server";
import { z } from "zod";

const maxMachines = 1000;

const fleetSchema = z.strictObject({ machines: z.array(clientProfileSchema).min(1).max(maxMachines) });

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
