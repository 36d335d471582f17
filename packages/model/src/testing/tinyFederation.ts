import {
  backboneCost,
  type ContributionBody,
  createRandom,
  createStrategy,
  type DeviceMachine,
  type DevicePool,
  type DeviceState,
  initialParams,
  presets,
  type RunSettings,
  runRounds,
  type StrategyState,
  tunedShape,
} from "@tutti/core";
import { computeTask } from "../deviceTasks.ts";
import { type TrainerTask, trainerTask } from "../trainer.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { backboneSizes, tunedLayout } from "../tuning/layout.ts";
import type { SourcePrompt } from "../tuning/sourcePrompts.ts";
import type { Workplace } from "../workplace.ts";
import { tinyReader, tinyWorkplace } from "./tinyWorkplace.ts";

const numDevices = 4;
const numExamples = 24;

/** FedAvg of a method over four devices on the tiny roberta, read at label words, so that nothing but the method learns. Answers the devices' mean loss at the start of each round. */
export async function federateTiny(
  tuning: RunSettings["tuning"],
  training: Partial<RunSettings["training"]>,
  numRounds: number,
  sourcePrompts: readonly SourcePrompt[] = [],
): Promise<number[]> {
  const run: RunSettings = {
    ...presets.demo,
    numDevices,
    minDevices: numDevices,
    cohortSize: 3,
    numRounds,
    evaluateEvery: numRounds,
    tuning,
    training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, weightDecay: 0, ...training },
    strategy: { name: "fedAvg", fineTuneEpochs: 0 },
  };
  return (await federateRun(run, { sourcePrompts })).losses;
}

/** What a device did for a task. */
export interface TinyResult {
  readonly task: TrainerTask;
  readonly body: ContributionBody;
  readonly state: DeviceState | null;
}

interface TinyOptions {
  readonly sourcePrompts?: readonly SourcePrompt[];
  /** What the devices' clients claim; those without say nothing. */
  readonly machines?: readonly DeviceMachine[];
  /** Devices that compute forward passes alone. */
  readonly forwardOnly?: readonly number[];
  onResult?(result: TinyResult): void;
}

const machineOf = (machine: DeviceMachine | undefined) => (machine === undefined ? {} : { machine });

/** A whole run of devices on the tiny roberta: its last state, and the devices' mean loss at the start of each round. */
export async function federateRun(
  run: RunSettings,
  { sourcePrompts = [], machines = [], forwardOnly = [], onResult }: TinyOptions = {},
): Promise<{ losses: number[]; state: StrategyState }> {
  const place = tinyPlace(run, sourcePrompts);
  const losses = Array.from({ length: run.numRounds }, (): number[] => []);
  const states = new Map<number, DeviceState | null>();
  let last: Promise<unknown> = Promise.resolve();
  const pool: DevicePool = {
    roster: () =>
      Array.from({ length: run.numDevices }, (_, id) => ({
        ...{ id, numExamples, isConnected: true },
        ...machineOf(machines[id]),
        ...(forwardOnly.includes(id) ? { isForwardOnly: true as const } : {}),
      })),
    open: (plan) => ({
      close: () => undefined,
      perform(planned) {
        const { deviceId } = planned;
        const examples = place.examplesOf({ kind: "share", index: deviceId });
        const task = trainerTask(plan, planned);
        const contribute = async () => {
          const { body, state } = await computeTask({ place, examples, task, state: states.get(deviceId) ?? null });
          states.set(deviceId, state);
          onResult?.({ task, body, state });
          if (body.kind === "train") losses[plan.round - 1].push(body.firstLoss);
          return { kind: "contributed", contribution: { deviceId, numExamples, body } } as const;
        };
        const next = last.then(contribute); // one task at a time, as in a tab
        last = next;
        return next;
      },
    }),
    whenRosterChanges: () => new Promise(() => undefined),
  };
  const strategy = createStrategy(run);
  const { entries } = place.layout;
  const shape = { ...tunedShape(entries), backbone: backboneCost(backboneSizes(place.transformer.config)) };
  let state: StrategyState = strategy.init(run, shape, initialParams(entries, place.random));
  for await (const event of runRounds({ strategy, state, pool, random: place.random })) if (event.kind === "done") state = event.state;
  place.transformer.dispose();
  return { losses: losses.map((round) => round.reduce((sum, loss) => sum + loss, 0) / round.length), state };
}

/** The tiny roberta read at label words, tuned as the run says; a share has 24 examples. */
export function tinyPlace(run: RunSettings, sourcePrompts: readonly SourcePrompt[] = []): Workplace {
  const place = tinyWorkplace(run, numExamples);
  const { transformer } = place;
  const reader = place.zeroShotReader();
  const layout = tunedLayout(transformer.config, run.tuning, 3);
  const tuner = createTuner(transformer, run.tuning, { random: createRandom(run.seed), sourcePrompts });
  return { ...place, layout, reader: tinyReader({ ...reader.tuned, layout, tuner }, reader.encode, reader.labelWords) };
}
