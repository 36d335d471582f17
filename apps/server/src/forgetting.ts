import type { DeviceId, Strategy, StrategyState } from "@tutti/core";
import type { Forgotten, Journal } from "./journal/journal.ts";
import type { KeptRounds } from "./start/keptRounds.ts";

/** What forgetting devices changes beside the strategy's state. */
export interface ForgettingPorts {
  readonly journal: Journal;
  readonly keptRounds: Pick<KeptRounds, "amend">;
}

/** A strategy at work, as far as it forgets. */
export interface ForgettingStrategy {
  readonly strategy: Pick<Strategy, "forget">;
  state: StrategyState;
}

/** Takes devices out of the strategy's state, wherever the run stands, to the same bits as a restart would (P-127, P-128). */
export interface Forgetting {
  /** N counts the device. Returns whether the strategy kept anything of it. */
  forget(deviceId: DeviceId, numDevices: number): boolean;
  /** The contributions that count are journalled: from here on the journal's state is behind. */
  summing(): void;
  /** The state after the step, without the devices that were to be forgotten meanwhile. */
  after(state: StrategyState): StrategyState;
  /** The state is in the journal. */
  written(): void;
}

/** Forgetting that goes on from what was journalled. */
export function createForgetting(running: ForgettingStrategy, { journal, keptRounds }: ForgettingPorts): Forgetting {
  const contents = journal.contents();
  /** `summing`: the state that follows is being computed; `ahead`: it is there, and not yet in the journal. */
  let phase: "even" | "summing" | "ahead" = contents !== null && contents.counted !== null && !contents.isRepeated ? "summing" : "even";
  let waiting: readonly Forgotten[] = contents?.forgotten ?? [];

  const without = (state: StrategyState, { deviceId, numDevices }: Forgotten) =>
    running.strategy.forget?.(state, deviceId, numDevices) ?? state;

  return {
    forget(deviceId, numDevices) {
      const one = { deviceId, numDevices };
      const next = without(running.state, one);
      const hasSome = next !== running.state;
      if (phase === "even") {
        // Before the first step a strategy has nothing of a device, and the journal no state.
        if (!hasSome) return false;
        journal.amendState(next);
        running.state = next;
      } else {
        // The device may be among those whose contributions are summed now.
        waiting = [...waiting, one];
        journal.putForgotten(waiting);
        if (phase === "ahead") running.state = next;
      }
      // What a strategy has of a device stays in its states: one that has nothing now had nothing before.
      if (hasSome) keptRounds.amend((state) => without(state, one));
      return hasSome;
    },
    summing() {
      phase = "summing";
    },
    after(state) {
      phase = "ahead";
      return waiting.reduce(without, state);
    },
    written() {
      phase = "even";
      waiting = [];
    },
  };
}
