import type { BackendName } from "@tutti/model";

/** What a computer is, as far as the browser says. */
export type DeviceKind = "phone" | "tablet" | "laptop" | "computer";

/** What a browser says that tells kinds of devices apart. */
export interface DeviceSigns {
  readonly userAgent: string;
  readonly maxTouchPoints: number;
  /** The shorter side of the screen in CSS pixels. */
  readonly screenSide: number;
  /** Whether the browser says that there is a battery; null where it does not tell. */
  readonly hasBattery: boolean | null;
}

/** The kind of device; `computer` where laptop and desktop cannot be told apart. */
export function deviceKind({ userAgent, maxTouchPoints, screenSide, hasBattery }: DeviceSigns): DeviceKind {
  // iPads say that they are Macs, which have no touch screens
  const isTouchMac = /Macintosh/.test(userAgent) && maxTouchPoints > 1;
  const isMobile = /Android|iPhone|iPad|Mobile/.test(userAgent) || isTouchMac;
  if (isMobile) return screenSide >= 600 || /iPad/.test(userAgent) || isTouchMac ? "tablet" : "phone";
  return hasBattery === true ? "laptop" : "computer";
}

/**
 * Watts that computing at full load adds to an idle device, from and to: round bounds of what processors and graphics chips of each class are rated
 * for. Nothing is measured, so a range is all that can be said.
 */
const addedWatts: Readonly<Record<DeviceKind, readonly [from: number, to: number]>> = {
  phone: [2, 6],
  tablet: [3, 10],
  laptop: [10, 45],
  computer: [10, 150],
};

/** Watt-hours of a full battery, from and to. */
const batteryWattHours: Readonly<Record<DeviceKind, readonly [from: number, to: number]>> = {
  phone: [10, 22],
  tablet: [20, 45],
  laptop: [40, 100],
  computer: [40, 100],
};

/** A battery that ran down while the tab computed and nothing charged it. */
export interface BatteryDrain {
  /** Share of its capacity. */
  readonly drop: number;
}

/** Energy between two bounds, in watt-hours, and how it was estimated. */
export interface EnergyEstimate {
  readonly fromWattHours: number;
  readonly toWattHours: number;
  readonly method: "power" | "battery";
  /** Of which the bounds are: watts, or watt-hours of a battery. */
  readonly from: number;
  readonly to: number;
  readonly kind: DeviceKind;
}

/** What an estimate goes by. */
export interface EnergySigns {
  readonly kind: DeviceKind;
  readonly backend: BackendName;
  readonly busySeconds: number;
  /** Null where the browser does not tell, or a charger was connected. */
  readonly drain: BatteryDrain | null;
}

/** Browsers round a battery's level to a hundredth or more: below this nothing can be read from it. */
const leastDrop = 0.03;

/**
 * Energy that the tab's work took: by the battery, of which everything that ran meanwhile took its part, where it fell far enough; else seconds of
 * computing times the power that computing adds on such a device. A CPU alone takes less than a whole computer's upper bound, which is a graphics card's.
 */
export function estimateEnergy({ kind, backend, busySeconds, drain }: EnergySigns): EnergyEstimate {
  if (drain !== null && drain.drop >= leastDrop) {
    const [from, to] = batteryWattHours[kind];
    return { fromWattHours: drain.drop * from, toWattHours: drain.drop * to, method: "battery", from, to, kind };
  }
  const [from, most] = addedWatts[kind];
  const to = kind === "computer" && backend !== "webgpu" ? 80 : most;
  const hours = busySeconds / 3600;
  return { fromWattHours: hours * from, toWattHours: hours * to, method: "power", from, to, kind };
}
