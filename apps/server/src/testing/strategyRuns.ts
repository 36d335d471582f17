import {
  type BackboneSizes,
  type Method,
  methods,
  type RunSettings,
  type StrategyName,
  strategies,
  tuningMisfits,
  tuningSchema,
  tunings,
} from "@tutti/core";
import { runSettingsSchema } from "@tutti/protocol";
import { readBackboneSizes, type TunedParameters, tunedParameters } from "../tuned.ts";
import { tinyRun } from "./tinyRun.ts";
import { withTinyWords } from "./tinyWords.ts";

/** A strategy's run, with the sizes of its backbone. */
export interface StrategyRun {
  readonly name: StrategyName;
  readonly run: RunSettings;
  readonly sizes: BackboneSizes;
}

/** The folder of the backbones that come with the project. */
export const publicDir = new URL("../../../../public", import.meta.url).pathname;

const tinySizes = { numLayers: 3, hiddenSize: 20, keyValueWidth: 12 };

/** What some strategies need beside settings that fit their rules. */
const special: Partial<Record<StrategyName, (run: RunSettings) => RunSettings>> = {
  // the smallest run in which layers are counted and shared, which the preset of tiny runs has
  fedPepTao: (run) => ({ ...run, strategy: tinyRun().strategy, tuning: tinyRun().tuning }),
  fedPt: (run) => ({ ...run, strategy: { ...strategies.fedPt.defaults, distillSteps: 3 } }),
  // plans follow a real backbone's costs
  fedPipe: (run) => ({ ...run, backbone: "minuet", strategy: { ...strategies.fedPipe.defaults, ranks: [1, 2, 4], warmupRank: 2 } }),
};

/** A small run of a strategy of the table; throws where no settings are known that it could have. */
export function strategyRun(name: StrategyName): StrategyRun {
  const base = tinyRun({ minDevices: 4, cohortSize: 3, quorum: 1, numRounds: 3, evaluateEvery: 3 });
  for (const made of candidates(name, base)) {
    const run = special[name]?.(made) ?? made;
    const sizes = run.backbone === base.backbone ? tinySizes : readBackboneSizes(publicDir, run.backbone);
    if (runSettingsSchema.safeParse(run).success && tuningMisfits(sizes, run.tuning).length === 0) return { name, run, sizes };
  }
  throw new Error(`strategy ${name}: no tuning method's defaults make a run of it: add what it needs to special in strategyRuns.ts`);
}

/** Its methods of the comparison, then its defaults with each tuning method's. */
function candidates(name: StrategyName, base: RunSettings): RunSettings[] {
  const strategy = strategies[name].defaults;
  const { promptDropout, positionsAfterPrefix, lossOver } = base.tuning;
  const own = Object.keys(strategies[name].methods).flatMap((method) => {
    const { settings } = methods[method as keyof typeof methods] as Method;
    return [settings(base)];
  });
  const others = Object.values(tunings).flatMap(({ defaults }) =>
    (["linear", "labelWords"] as const).flatMap((head) =>
      [positionsAfterPrefix, !positionsAfterPrefix].map((isAfter) => ({
        ...base,
        strategy,
        tuning: tuningSchema.parse({ ...defaults, promptDropout, positionsAfterPrefix: isAfter, lossOver, head }),
      })),
    ),
  );
  return [...own, { ...base, strategy }, ...others];
}

/** What such a run trains. */
export function tunedOf({ run, sizes }: StrategyRun): TunedParameters {
  return withTinyWords(tunedParameters(run, sizes, 3), run);
}
