import { join } from "node:path";
import { proxyTuningOf } from "@tutti/core";
import { createProxyPredictor, generationOf } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";
import type { RunRecord } from "@tutti/record";
import { type AnsweredRun, compareRows, meanScore, type TextPlace } from "./answeredRows.ts";

/**
 * How the large model of a run of FedPT answers the rows that the run's devices answer: as it is, and proxy-tuned by what the small one was tuned
 * to. Nothing for other strategies.
 */
export async function scoreProxyModels(answered: AnsweredRun, place: TextPlace): Promise<NonNullable<RunRecord["otherModels"]>> {
  const { run, paramsOf } = answered;
  const { strategy, backbone } = run;
  const [params] = paramsOf.values();
  const tuning = proxyTuningOf(strategy);
  if (tuning === null || params === undefined) return [];
  const load = (name: string) => loadBackboneFolder(join(place.publicDir, "backbones", name));
  const pair = { large: await load(tuning.large), small: await load(backbone), run, params };
  const predictor = await createProxyPredictor(pair, tuning.a);
  const { maxNewTokens } = generationOf(run, "test");
  const titles = { large: `${tuning.large}, untouched`, proxy: `${tuning.large}, proxy-tuned` } as const;
  const models: NonNullable<RunRecord["otherModels"]>[number][] = [];
  try {
    for (const of of ["large", "proxy"] as const) {
      const scored = await compareRows(answered, place, (example) => predictor.answer(example, { of, maxNewTokens }));
      models.push({ name: titles[of], score: meanScore(scored), numTexts: scored.rows.length });
    }
  } finally {
    predictor.dispose();
  }
  return models;
}
