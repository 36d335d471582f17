import type { SessionEvent, TrafficCount } from "./events.ts";

/** What one training submission took, and would have taken otherwise, in bytes. */
export type TrainedBytes = Pick<TrafficCount, "layerBytes" | "allLayersBytes" | "allLayersF32Bytes" | "stateBytes">;

/** Adds bytes up; each function takes those of one message, and the page is told the sums. */
export interface TrafficCounter {
  sent(numBytes: number): void;
  received(numBytes: number): void;
  trained(bytes: TrainedBytes): void;
}

/** A count of nothing. */
export const noTraffic: TrafficCount = {
  sentBytes: 0,
  receivedBytes: 0,
  layerBytes: 0,
  allLayersBytes: 0,
  allLayersF32Bytes: 0,
  stateBytes: 0,
};

/** A counter from zero. */
export function countTraffic(emit: (event: SessionEvent) => void): TrafficCounter {
  let total = noTraffic;
  const add = (more: Partial<TrafficCount>): void => {
    total = {
      sentBytes: total.sentBytes + (more.sentBytes ?? 0),
      receivedBytes: total.receivedBytes + (more.receivedBytes ?? 0),
      layerBytes: total.layerBytes + (more.layerBytes ?? 0),
      allLayersBytes: total.allLayersBytes + (more.allLayersBytes ?? 0),
      allLayersF32Bytes: total.allLayersF32Bytes + (more.allLayersF32Bytes ?? 0),
      stateBytes: total.stateBytes + (more.stateBytes ?? 0),
    };
    emit({ kind: "traffic", traffic: total });
  };
  return { sent: (sentBytes) => add({ sentBytes }), received: (receivedBytes) => add({ receivedBytes }), trained: add };
}
