import { type FedPepTaoSettings, type Params, presets, type RunSettings } from "@tutti/core";
import { findClassification, rememberLabels } from "@tutti/data";
import { hashParameters } from "@tutti/record";
import {
  type Coordinator,
  type CoordinatorOptions,
  type RunOutcome,
  readBackboneSizes,
  startCoordinator,
  tunedParameters,
} from "@tutti/server";
import { places } from "./places.ts";

const strategy = presets.demo.strategy as FedPepTaoSettings;

/** All three stages on the tiny backbone in a few seconds; every device's contribution is waited for, so the result is always the same bits. */
export const tinyRun: RunSettings & { readonly strategy: FedPepTaoSettings } = {
  ...presets.demo,
  backbone: "tiny",
  numDevices: 4,
  minDevices: 4,
  cohortSize: 3,
  numRounds: 3,
  evaluateEvery: 3,
  deadlineMs: null,
  quorum: 1,
  tuning: { ...presets.demo.tuning, promptTokens: 2 },
  training: { ...presets.demo.training, localEpochs: 1, resetMoments: false },
  strategy: { ...strategy, countingRounds: 1, probeDevices: 1, lanczosSteps: 4 },
};

let numStarted = 0;

/** A coordinator on a free port with a run folder of its own. */
export async function serveRun(run: RunSettings, options: Partial<CoordinatorOptions> = {}): Promise<Coordinator> {
  numStarted += 1;
  rememberLabels(run);
  const publicDir = run.backbone === "tiny" ? places.tinyPublic : places.realPublic;
  const tuned = tunedParameters(
    run,
    readBackboneSizes(publicDir, run.backbone),
    findClassification(run.task, "this setting").classes.length,
  );
  const config = {
    dataDir: places.runs,
    runId: `run-${process.pid}-${numStarted}`,
    pagesDir: places.pages,
    publicDir,
    host: "127.0.0.1",
    port: 0,
    publicUrl: "http://tutti.test", // the name that playwright.config.ts gives this machine
  };
  return startCoordinator({ ...config, logLevel: "silent", ...options, run }, { tuned });
}

/** The join page of a coordinator that joins by itself. */
export function joinAddress({ url }: Pick<Coordinator, "url">, backend: string, threads = 1): string {
  return `${url}/?auto=1&backend=${backend}&threads=${threads}`;
}

/** The hash of everything trained: W and every device's local layers. */
export function hashOf({ globalParams, deviceStates }: RunOutcome): string {
  return hashParameters(globalParams, new Map<number, Params>([...deviceStates].map(([id, { local }]) => [id, local])));
}

/** Where a coordinator's steps counted a device twice, or someone it did not ask; nothing when all is well. */
export function miscounted(outcome: RunOutcome): string[] {
  return outcome.steps.flatMap(({ stage, round, step, cohort, counted }) => {
    const isRight =
      new Set(counted).size === counted.length && counted.length === cohort.length && counted.every((id) => cohort.includes(id));
    return isRight ? [] : [`${stage} round ${round} step ${step}: asked ${cohort.join(" ")}, counted ${counted.join(" ")}`];
  });
}

/** A path for files of one test. */
export const scratch = (name: string): string => `${places.runs}/${name}`;
