import { type ReadonlySignal, signal } from "@preact/signals";
import type { PauseOptions } from "@tutti/client";
import { type Choices, keepChoices, readChoices } from "./choices.ts";
import { finishesTask, holdMs, type RestReason, type Surroundings, whyResting } from "./resting.ts";

/** What lending a computer in part needs of the page. */
export interface LendingPorts {
  storage(): Pick<Storage, "getItem" | "setItem">;
  around(): Surroundings;
  pause(options?: PauseOptions): void;
  resume(): void;
  /** How much of the time tasks may compute; 0 holds the one at hand. */
  pace(share: number): void;
  onRest(reason: RestReason | null, isHeld: boolean): void;
}

/** How much of the computer is lent, and when: what the volunteer chose and ordered, applied to what goes on around. */
export interface Lending {
  readonly choices: ReadonlySignal<Choices>;
  change(choices: Partial<Choices>): void;
  /** Rests until `resume`: at once, or when the task at hand is done. */
  order(kind: "user" | "afterTask"): void;
  /** Goes on, also where the data limit was reached: it then counts from here. */
  resume(): void;
  /** What goes on around may have changed. */
  look(): void;
  reason(): RestReason | null;
  /** Whether the volunteer ordered the rest. */
  isOrdered(): boolean;
  /** Another worker has begun: it is told how much it may compute. */
  apply(): void;
  /** The tab takes part again: nothing is ordered, and bytes count from here. */
  restart(): void;
}

/** Lending as this browser remembers it. */
export function createLending(ports: LendingPorts): Lending {
  const choices = signal(readChoices(ports.storage));
  let ordered: "user" | "afterTask" | null = null;
  let freeBytes = 0;
  let resting: RestReason | null = null;

  const share = () => (resting !== null && !finishesTask(resting) ? 0 : choices.value.loadPercent / 100);
  const around = (): Surroundings => {
    const now = ports.around();
    return { ...now, numBytes: now.numBytes - freeBytes };
  };

  function look(): void {
    const reason = whyResting(ordered, choices.value, around());
    if (reason === resting) return;
    const wasResting = resting !== null;
    resting = reason;
    if (reason === null) {
      ports.pace(share());
      ports.onRest(null, false);
      ports.resume();
      return;
    }
    const isHeld = !finishesTask(reason);
    ports.pace(share());
    ports.onRest(reason, isHeld);
    if (!wasResting || isHeld) ports.pause(isHeld ? { giveBackAfterMs: holdMs } : {});
  }

  return {
    choices,
    change(more) {
      choices.value = { ...choices.value, ...more };
      keepChoices(choices.value, ports.storage);
      ports.pace(share());
      look();
    },
    order(kind) {
      ordered = kind;
      look();
    },
    resume() {
      if (resting === "dataCap") freeBytes = ports.around().numBytes;
      ordered = null;
      look();
    },
    look,
    reason: () => resting,
    isOrdered: () => ordered !== null,
    apply: () => ports.pace(share()),
    restart() {
      ordered = null;
      freeBytes = 0;
      resting = null;
    },
  };
}
