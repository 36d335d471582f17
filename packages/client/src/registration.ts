import type { DeviceId } from "@tutti/core";
import type { TrainerReady } from "@tutti/model";
import { type Answer, limits, type Request, type Rule } from "@tutti/protocol";
import { type CoordinatorLink, decline } from "./coordinatorLink.ts";
import type { Devices } from "./devices.ts";
import type { SessionEvent } from "./events.ts";
import type { Loader } from "./loader.ts";
import { messageOf } from "./messageOf.ts";
import { notAdmitted } from "./notAdmitted.ts";
import { unknownOutcome } from "./submitter.ts";

/** Loads the devices that live here and tells the coordinator and the page that they are ready. */
export interface Registration {
  register(): Promise<void>;
  /** Loads the examples of devices whose states are on their way; registering says where that fails. */
  prepare(deviceIds: readonly DeviceId[]): Promise<void>;
  /** The devices' examples are others now: loads them, and registers their new numbers (P-14). */
  renew(): Promise<void>;
  /** The same as `register` for devices that came after the others. */
  registerNew(deviceIds: readonly DeviceId[]): Promise<void>;
  /** Tells the page again, where devices have gone since. */
  tellReady(): void;
}

/** What registering needs of the participation. */
export interface RegistrationPorts {
  readonly devices: Pick<Devices, "ids">;
  readonly loader: Loader;
  readonly coordinator: Pick<CoordinatorLink, "call" | "sayHelloAgain">;
  readonly emit: (event: SessionEvent) => void;
}

type Registered = Request<"register">["devices"];

/** Refusals that say nothing of the client's other devices. */
const ofOneDevice: readonly Rule[] = ["P-14", "P-120"];

/** Registration until `signal` fires. Each call loads what is there when it begins; whoever is assigned meanwhile has a call of their own. */
export function createRegistration(ports: RegistrationPorts, signal: AbortSignal): Registration {
  const { devices, loader, coordinator, emit } = ports;
  let ready: TrainerReady | null = null;
  let registering: Promise<void> = Promise.resolve();
  /** The devices that the coordinator refused last. */
  let refusedIds = "";
  /** Those among them whose others were taken. */
  let unregistered: ReadonlySet<DeviceId> = new Set();

  const loaded = (): Registered =>
    devices.ids().flatMap((deviceId) => {
      const numExamples = loader.numExamples(deviceId);
      return numExamples === null ? [] : [{ deviceId, numExamples }];
    });

  function tellReady(): void {
    if (ready === null) return;
    const here = loaded().filter(({ deviceId }) => !unregistered.has(deviceId));
    const numExamples = here.reduce((sum, device) => sum + device.numExamples, 0);
    emit({ kind: "ready", ready, deviceIds: here.map(({ deviceId }) => deviceId), numExamples });
  }

  /** The others take part whatever becomes of these (P-122). */
  function takeAnswer(refused: NonNullable<Answer<"register">["unregistered"]>): void {
    unregistered = new Set(refused.map(({ deviceId }) => deviceId));
    const ids = [...unregistered].join(" ");
    const isNew = ids !== refusedIds;
    refusedIds = ids;
    if (refused.length === 0) return;
    // The next hello says which of them are still here.
    if (isNew) coordinator.sayHelloAgain();
    else
      for (const { rule, message } of refused)
        emit({
          kind: "problem",
          message: `The coordinator refused a device (${rule}: ${message}).`,
          problem: { kind: "deviceRefused", rule, detail: message },
        });
  }

  async function send(trained: TrainerReady, listed: Registered): Promise<void> {
    const answer = await coordinator.call("register", { devices: listed, compute: computeOf(trained) });
    if (answer.ok) return takeAnswer(answer.value.unregistered ?? []);
    if (answer.rule === "P-11") return;
    // The connection that the welcome came on is gone, or the answer is: the next hello ends in another registration.
    if (unknownOutcome.includes(answer.rule)) return coordinator.sayHelloAgain();
    const ids = listed.map(({ deviceId }) => deviceId).join(" ");
    if (!ofOneDevice.includes(answer.rule) || ids === refusedIds) {
      throw notAdmitted(answer);
    }
    refusedIds = ids;
    // A device may have moved to a newcomer while this client was loading; the next hello says which are still here.
    coordinator.sayHelloAgain();
  }

  async function loadAndSend(isMeant: (deviceId: DeviceId) => boolean): Promise<void> {
    const trained = await loader.load(devices.ids().filter(isMeant)).catch(async (error: unknown) => {
      if (!signal.aborted) await decline(coordinator, null, messageOf(error));
      throw error;
    });
    // A device that was assigned meanwhile is loaded, and then registered, in its own turn. With none this says that the client is ready (P-17).
    await send(
      trained,
      loaded().filter(({ deviceId }) => isMeant(deviceId)),
    );
    ready = trained;
    tellReady();
  }

  return {
    register() {
      registering = loadAndSend(() => true);
      return registering;
    },
    async renew() {
      await registering.catch(() => undefined); // which says itself that it failed
      const before = new Map(loaded().map(({ deviceId, numExamples }) => [deviceId, numExamples]));
      await loader.reload(devices.ids());
      const changed = loaded().filter(({ deviceId, numExamples }) => before.get(deviceId) !== numExamples);
      if (ready !== null && changed.length > 0) await send(ready, changed);
      tellReady();
    },
    prepare: (deviceIds) =>
      loader.load(deviceIds).then(
        () => undefined,
        () => undefined,
      ),
    // Others may be moving away at the same moment: to name them once more would be refused.
    registerNew: (deviceIds) => loadAndSend((deviceId) => deviceIds.includes(deviceId)),
    tellReady,
  };
}

function computeOf({ backend, threads, reason, admission, flopsPerSecond }: TrainerReady): NonNullable<Request<"register">["compute"]> {
  return {
    backend,
    threads,
    reason: reason.slice(0, limits.maxReason),
    worstError: admission.worstError,
    ...(flopsPerSecond === undefined ? {} : { flopsPerSecond }),
  };
}
