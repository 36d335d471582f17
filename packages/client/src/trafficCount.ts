import type { SessionEvent, TrafficCount } from "./events.ts";

/** Adds bytes up; each function takes those of one message, and the page is told the sums. */
export interface TrafficCounter {
  sent(numBytes: number): void;
  received(numBytes: number): void;
  /** May be negative. */
  saved(numBytes: number): void;
}

/** A counter from zero. */
export function countTraffic(emit: (event: SessionEvent) => void): TrafficCounter {
  const total: Record<keyof TrafficCount, number> = { sentBytes: 0, receivedBytes: 0, savedBytes: 0 };
  const count =
    (name: keyof TrafficCount) =>
    (numBytes: number): void => {
      total[name] += numBytes;
      emit({ kind: "traffic", traffic: { ...total, savedBytes: Math.max(0, total.savedBytes) } });
    };
  return { sent: count("sentBytes"), received: count("receivedBytes"), saved: count("savedBytes") };
}
