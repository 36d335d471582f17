import type { TrainerReady } from "@tutti/model";
import type { LostWorker } from "../training/healingTrainer.ts";
import { watchSleep } from "./sleep.ts";
import type { Incident, PageEvent } from "./view.ts";

/** What noticing trouble needs of the page. */
export interface HealingPorts {
  /** Looks at once whether the coordinator still answers. */
  check(): void;
  onIncident(incident: Incident): void;
}

/** Notices sleep, lost networks and lost workers, and tells of each once it is mended. */
export interface Healing {
  onEvent(event: PageEvent): void;
  /** A listener for workers that were replaced. */
  restarted(onReady: (ready: TrainerReady) => void): (lost: LostWorker, ready: TrainerReady) => void;
  /** The tab was paused when it was reloaded. */
  cameBackPaused(): void;
}

/** A connection that comes back sooner was not worth a word. */
const shortMs = 3000;

/** Watches clock and network from here on. */
export function watchHealing({ check, onIncident }: HealingPorts): Healing {
  let lostAt: number | null = null;
  const tell = (kind: Incident["kind"], seconds: number | null = null, lost: LostWorker | null = null): void =>
    onIncident({ kind, at: Date.now(), seconds, lost });
  watchSleep({
    now: Date.now,
    isHidden: () => document.visibilityState === "hidden",
    every(ms, act) {
      const timer = setInterval(act, ms);
      return () => clearInterval(timer);
    },
    onSlept(ms) {
      tell("slept", ms / 1000);
      check();
    },
  });
  window.addEventListener("online", check);
  return {
    onEvent(event) {
      if (event.kind !== "connection") return;
      const isLost = event.state === "retrying" || event.state === "stopped";
      if (isLost) lostAt ??= Date.now();
      if (event.state !== "online" || lostAt === null) return;
      const ms = Date.now() - lostAt;
      lostAt = null;
      if (ms >= shortMs) tell("online", ms / 1000);
    },
    restarted: (onReady) => (lost, ready) => {
      onReady(ready);
      tell("workerRestarted", null, lost);
    },
    cameBackPaused: () => tell("cameBackPaused"),
  };
}
