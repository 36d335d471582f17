import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { settingFaults } from "@tutti/protocol";
import { type ExperimentResult, experimentResultSchema } from "@tutti/record";

/** The result in an experiment's folder; an error says what is missing there. */
export async function readExperimentResult(folder: string): Promise<ExperimentResult> {
  const path = join(folder, "results.json");
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const isMissing = cause.code === "ENOENT" || cause.code === "ENOTDIR";
    const what = isMissing ? `${folder} has no results.json` : `${path} cannot be read (${cause.code})`;
    throw new Error(`${what}: give the folder that \`tutti lab run\` wrote, after it has ended`);
  });
  const value = parseJson(text, path);
  const parsed = experimentResultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not the result of an experiment: ${settingFaults(experimentResultSchema, value)[0]}`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause });
  }
}
