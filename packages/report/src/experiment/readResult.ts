import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { settingFaults } from "@tutti/protocol";
import type { ExperimentResult } from "@tutti/record";
import { z } from "zod";

const classIndex = z.int().min(0);
const scores = z.looseObject({ score: z.number(), accuracy: z.number() });

/** What a comparison and a report lean on; a file of another version fails here and not in the middle of a table. */
const resultSchema = z.looseObject({
  name: z.string(),
  title: z.string(),
  runs: z.array(
    z.looseObject({
      id: z.string(),
      method: z.string(),
      methodTitle: z.string(),
      variant: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      isRateTrial: z.boolean(),
      task: z.string(),
      metric: z.enum(["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1"]),
      seed: z.number(),
      settings: z.looseObject({ task: z.string(), training: z.looseObject({}), strategy: z.looseObject({ name: z.string() }) }),
      final: z.record(z.string(), scores),
      correct: z
        .string()
        .regex(/^[01]*$/)
        .nullable(),
      answers: z
        .object({ labels: z.array(classIndex), predictions: z.array(classIndex) })
        .nullable()
        .optional(),
      error: z.string().nullable(),
      ...{ commit: z.string().nullable().optional(), machine: z.string().optional() },
    }),
  ),
  data: z.array(z.looseObject({ task: z.string(), numValidation: z.number(), rows: z.string().nullable().optional() })).optional(),
  sources: z.array(z.looseObject({ name: z.string(), backbone: z.string(), sha256: z.string() })).optional(),
});

/** The result in an experiment's folder; an error says what is missing there. */
export async function readExperimentResult(folder: string): Promise<ExperimentResult> {
  const path = join(folder, "results.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new Error(`${path} cannot be read: give the folder that \`tutti lab run\` wrote, after it has ended`, { cause });
  });
  const value = parseJson(text, path);
  if (isResult(value)) return value;
  throw new Error(`${path} is not a result of an experiment: ${settingFaults(resultSchema, value)[0]}`);
}

function isResult(value: unknown): value is ExperimentResult {
  return resultSchema.safeParse(value).success;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause });
  }
}
