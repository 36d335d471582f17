import type { Params } from "@tutti/core";
import { afterEach } from "vitest";
import type { DeviceStore } from "../deviceStore.ts";
import type { SessionEvent } from "../events.ts";
import type { JoinOptions } from "../joinOptions.ts";
import { memoryStore } from "../memoryStore.ts";
import { type ClientSession, joinRun } from "../session.ts";
import { type FakeTrainer, fakeTrainer, promptOf } from "./fakeTrainer.ts";
import { type ScriptedCoordinator, startScriptedCoordinator } from "./scriptedCoordinator.ts";

/** What the scripted coordinator sends as W. */
export const globalParams: Params = { "prefix/0": promptOf(7) };
/** Where a device without a state starts. */
export const initialParams: Params = { "prefix/1": promptOf(20) };
/** The id of `leaseOf("a", …)`. */
export const taskA = "a".padStart(32, "0");
/** The id of `leaseOf("b", …)`. */
export const taskB = "b".padStart(32, "0");

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A scripted coordinator that stops after the test. */
export async function coordinate(...options: Parameters<typeof startScriptedCoordinator>): Promise<ScriptedCoordinator> {
  const coordinator = await startScriptedCoordinator(...options);
  cleanups.push(coordinator.stop);
  return coordinator;
}

/** A session under test. */
export interface Joined {
  readonly session: ClientSession;
  readonly trainer: FakeTrainer;
  readonly store: DeviceStore;
  readonly events: SessionEvent[];
  /** Resolves at the first event, past or to come, that fits. */
  event<K extends SessionEvent["kind"]>(
    kind: K,
    fits?: (event: SessionEvent & { kind: K }) => boolean,
  ): Promise<SessionEvent & { kind: K }>;
  crash(): void;
}

/** Joins with a fake trainer and a memory store; crashes after the test if it still runs. */
export function join({ url }: ScriptedCoordinator, part: Partial<JoinOptions> & { trainer?: FakeTrainer } = {}): Joined {
  const trainer = part.trainer ?? fakeTrainer();
  const store = part.store ?? memoryStore();
  const events: SessionEvent[] = [];
  const crash = new AbortController();
  let listeners: (() => void)[] = [];
  const onEvent = (event: SessionEvent): void => {
    events.push(event);
    for (const listener of listeners.splice(0)) listener();
  };
  const session = joinRun({
    url,
    clientKey: "client-key-0123456789",
    backend: "cpu",
    signal: crash.signal,
    socketOptions: { reconnectionDelay: 5, reconnectionDelayMax: 20 },
    ...part,
    trainer,
    store,
    onEvent,
  });
  cleanups.push(async () => {
    crash.abort();
    listeners = [];
    await session.whenEnded;
  });
  return {
    session,
    trainer,
    store,
    events,
    crash: () => crash.abort(),
    async event(kind, fits = () => true) {
      for (;;) {
        const found = events.find((event): event is SessionEvent & { kind: typeof kind } => event.kind === kind && fits(event as never));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => listeners.push(resolve));
      }
    },
  };
}

/** Fits `taskEnded` events of one outcome. */
export const ended = (outcome: string) => (event: { readonly outcome: string }) => event.outcome === outcome;
