import type { DeviceId } from "@tutti/core";
import type { DeviceSource, LoadProgress, Trainer, TrainerReady, TrainerSetup } from "@tutti/model";
import type { ClientFault, SessionEvent } from "./events.ts";

/** This client cannot take part; the message is for its owner, `why` the same for pages. */
export class CannotTakePart extends Error {
  override readonly name = "CannotTakePart";
  readonly why: ClientFault;
  constructor(message: string, why: ClientFault) {
    super(message);
    this.why = why;
  }
}

/** What is loaded, into which trainer, and who hears how far it is. */
export interface LoaderOptions {
  readonly setup: TrainerSetup;
  readonly trainer: Trainer;
  readonly sourceOf: (deviceId: DeviceId) => DeviceSource;
  readonly emit: (event: SessionEvent) => void;
  /** Something was loaded, in whole or in part. */
  readonly onAdvance: () => void;
}

/** Gets a trainer ready: the backbone once, and each device's examples once. */
export interface Loader {
  /** Loads what is not loaded yet; a failure is not final, the next call tries again. */
  load(deviceIds: readonly DeviceId[]): Promise<TrainerReady>;
  /** Null for a device that is not loaded. */
  numExamples(deviceId: DeviceId): number | null;
  /** Gives devices that are loaded their examples again, as they are now. */
  reload(deviceIds: readonly DeviceId[]): Promise<void>;
}

/** A loader that has loaded nothing. `signal` ends it. */
export function createLoader({ setup, trainer, sourceOf, emit, onAdvance }: LoaderOptions, signal: AbortSignal): Loader {
  const examples = new Map<DeviceId, number>();
  let started: Promise<TrainerReady> | null = null;
  let lastTurn: Promise<void> = Promise.resolve();

  async function start(): Promise<TrainerReady> {
    const onProgress = (progress: LoadProgress) => {
      emit({ kind: "loading", progress });
      onAdvance();
    };
    const ready = await trainer.start(setup, onProgress, signal);
    const { isPassed, detail } = ready.admission;
    if (!isPassed)
      throw new CannotTakePart(
        `This computer gets other numbers than the reference, so its work cannot be used (${detail}). Try another browser or computer.`,
        { kind: "otherNumbers", detail },
      );
    return ready;
  }

  async function addDevices(deviceIds: readonly DeviceId[]): Promise<void> {
    for (const deviceId of deviceIds) {
      if (examples.has(deviceId)) continue;
      examples.set(deviceId, (await trainer.addDevice(deviceId, sourceOf(deviceId))).numExamples);
      onAdvance();
    }
  }

  return {
    async load(deviceIds) {
      started ??= start().catch((error: unknown) => {
        started = null;
        throw error;
      });
      const ready = await started;
      const turn = lastTurn.then(() => addDevices(deviceIds));
      lastTurn = turn.catch(() => undefined);
      await turn;
      return ready;
    },
    numExamples: (deviceId) => examples.get(deviceId) ?? null,
    async reload(deviceIds) {
      const loaded = deviceIds.filter((deviceId) => examples.has(deviceId));
      const turn = lastTurn.then(async () => {
        for (const deviceId of loaded) examples.set(deviceId, (await trainer.addDevice(deviceId, sourceOf(deviceId))).numExamples);
      });
      lastTurn = turn.catch(() => undefined);
      await turn;
    },
  };
}
