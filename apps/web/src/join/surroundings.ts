import type { BatteryDrain, DeviceSigns } from "./energy.ts";
import type { Surroundings } from "./resting.ts";

/** As much of the Battery Status API as the page needs; browsers other than Chromium's have none. */
interface Battery extends EventTarget {
  readonly charging: boolean;
  readonly chargingTime: number;
  readonly dischargingTime: number;
  readonly level: number;
}

/** As much of the Idle Detection API as the page needs. */
interface IdleDetector extends EventTarget {
  readonly userState: "active" | "idle" | null;
  readonly screenState: "locked" | "unlocked" | null;
  start(options: { readonly threshold: number; readonly signal?: AbortSignal }): Promise<void>;
}

interface IdleDetectorClass {
  new (): IdleDetector;
  requestPermission(): Promise<"granted" | "denied">;
}

/** Which conditions this browser can tell. */
export interface Offers {
  readonly idle: boolean;
  readonly charging: boolean;
  readonly wakeLock: boolean;
}

/** What goes on around the tab, as far as the browser tells. */
export interface Watch {
  now(): Omit<Surroundings, "numBytes">;
  drain(): BatteryDrain | null;
  signs(): DeviceSigns;
  offers(): Offers;
  /** Notices from here on whether somebody is at the computer; with `mayAsk`, after a click, the browser may ask for leave. Whether it was given. */
  watchIdle(mayAsk: boolean): Promise<boolean>;
}

const idleMs = 60_000; // the shortest that browsers allow

/** Watches battery, visibility and, once it is asked for, whether somebody is at the computer; `onChange` hears of each change. */
export function watchSurroundings(onChange: () => void): Watch {
  let battery: Battery | null = null;
  let lastLevel = 0;
  let drop = 0;
  let wasCharged = false;
  let detector: IdleDetector | null = null;
  const idle = Reflect.get(window, "IdleDetector") as IdleDetectorClass | undefined;

  function noteLevel(): void {
    if (battery === null) return;
    if (battery.charging) wasCharged = true;
    else drop += Math.max(0, lastLevel - battery.level);
    lastLevel = battery.level;
    onChange();
  }

  const getBattery = Reflect.get(navigator, "getBattery") as (() => Promise<Battery>) | undefined;
  getBattery?.call(navigator).then(
    (found) => {
      battery = found;
      lastLevel = found.level;
      for (const name of ["chargingchange", "levelchange"]) found.addEventListener(name, noteLevel);
      noteLevel();
    },
    () => undefined, // as on plain http
  );
  document.addEventListener("visibilitychange", onChange);

  return {
    now: () => ({
      isUserIdle: detector === null ? null : detector.userState === "idle" || detector.screenState === "locked",
      isCharging: battery === null ? null : battery.charging,
      isVisible: document.visibilityState === "visible",
    }),
    drain: () => (battery === null || wasCharged ? null : { drop }),
    signs: () => ({
      userAgent: navigator.userAgent,
      maxTouchPoints: navigator.maxTouchPoints,
      screenSide: Math.min(screen.width, screen.height),
      hasBattery: battery === null ? null : !isMainsOnly(battery),
    }),
    offers: () => ({
      idle: idle !== undefined && window.isSecureContext,
      charging: battery !== null && !isMainsOnly(battery),
      wakeLock: (navigator.wakeLock as WakeLock | undefined) !== undefined,
    }),
    async watchIdle(mayAsk) {
      if (detector !== null) return true;
      if (idle === undefined) return false;
      try {
        const name = "idle-detection" as PermissionName; // newer than the types
        const leave = mayAsk ? await idle.requestPermission() : (await navigator.permissions.query({ name })).state;
        if (leave !== "granted") return false;
        const started = new idle();
        started.addEventListener("change", onChange);
        await started.start({ threshold: idleMs });
        detector = started;
        onChange();
        return true;
      } catch {
        return false; // the browser refuses it here, such as in a frame
      }
    },
  };
}

/** A computer without a battery says that it is full and charging, for ever. */
function isMainsOnly({ charging, chargingTime, dischargingTime, level }: Battery): boolean {
  return charging && level === 1 && chargingTime === 0 && dischargingTime === Number.POSITIVE_INFINITY;
}
