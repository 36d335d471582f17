import {
  type Contribution,
  createRandom,
  createStrategy,
  type DeviceId,
  type DeviceState,
  initialParams,
  type RoundEvent,
  type RunSettings,
  roundTrip,
  runRounds,
  type StrategyState,
} from "@tutti/core";
import { findClassification } from "@tutti/data";
import { createTrainer, loadBackbone, noCache, trainerTask, tunedLayout } from "@tutti/model";
import { fetchFile, localUrls } from "@tutti/model/node";

/** How a run ended that was computed in this process. */
export interface Replay {
  readonly state: StrategyState;
  readonly deviceStates: ReadonlyMap<DeviceId, DeviceState>;
}

export interface ReplayOptions {
  readonly backend: "webgpu" | "wasm" | "cpu";
  readonly onEvent?: (event: RoundEvent) => void;
}

/** Computes a whole run with one trainer, without coordinator, sockets or encodings other than those that decide numbers. */
export async function replayRun(run: RunSettings, publicFolder: string, { backend, onEvent }: ReplayOptions): Promise<Replay> {
  const urls = localUrls(publicFolder, run);
  const trainer = createTrainer({ fetch: fetchFile, cache: noCache() });
  const { shape } = await trainer.start({ run, ...urls, backend, threads: 1 }, () => undefined);
  const { config } = await loadBackbone({ fetch: fetchFile, cache: noCache(), manifestUrl: urls.manifestUrl });
  const layout = tunedLayout(config, run.tuning, findClassification(run.task, "this setting").classes.length);
  const numExamples: number[] = [];
  for (let id = 0; id < run.numDevices; id++) numExamples.push((await trainer.addDevice(id, { kind: "share", index: id })).numExamples);
  const deviceStates = new Map<DeviceId, DeviceState>();
  const strategy = createStrategy(run);
  let state = strategy.init(run, shape, initialParams(layout.entries, createRandom(run.seed)));
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  const rounds = runRounds({
    strategy,
    state,
    random: createRandom(run.seed),
    pool: {
      roster: () => numExamples.map((count, id) => ({ id, numExamples: count, isConnected: true })),
      whenRosterChanges: () => new Promise(() => undefined),
      open: (plan) => ({
        close: () => undefined,
        perform: (task) =>
          inTurn(async () => {
            const { deviceId, expects } = task;
            const { body, state: next } = await trainer.compute(trainerTask(plan, task), deviceStates.get(deviceId) ?? null);
            if (next !== null) deviceStates.set(deviceId, next);
            const sent: Contribution["body"] = body.kind === "train" ? { ...body, delta: roundTrip(body.delta, expects.encoding) } : body;
            return { kind: "contributed", contribution: { deviceId, numExamples: expects.numExamples, body: sent } };
          }),
      }),
    },
  });
  for await (const event of rounds) {
    onEvent?.(event);
    if (event.kind === "closed") state = event.state;
  }
  await trainer.stop();
  return { state, deviceStates };
}
