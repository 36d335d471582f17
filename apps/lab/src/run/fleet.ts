import { readFile } from "node:fs/promises";
import { type ClientProfile, clientProfileSchema } from "@tutti/core";
import { settingFaults } from "@tutti/protocol";
import { ConfigError } from "@tutti/server";
import { parse } from "yaml";
import { z } from "zod";

const maxMachines = 1000;

const fleetSchema = z.strictObject({ machines: z.array(clientProfileSchema).min(1).max(maxMachines) });

/**
 * The machines that clients simulate, client i the machine i modulo their number: YAML or JSON with `machines`, each of `flopsPerSecond`,
 * `memoryBytes` and `bytesPerSecond`. Throws a ConfigError that says what is wrong.
 */
export async function readFleet(path: string): Promise<readonly ClientProfile[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`--fleet: ${path} cannot be read; give a YAML file with a list of machines`, { cause });
  });
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw new ConfigError(`--fleet: ${path} is neither YAML nor JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  const parsed = fleetSchema.safeParse(content);
  if (parsed.success) return parsed.data.machines;
  throw new ConfigError(
    `--fleet: ${path} is no fleet:\n${settingFaults(fleetSchema, content)
      .map((fault) => `  ${fault}`)
      .join("\n")}`,
  );
}
