import type { MessagePort as NodeMessagePort, Worker } from "node:worker_threads";
import type { Port } from "../bridge/bridge.ts";

/** A thread, or its inside, as the bridge speaks to it. */
export function nodePort<Incoming, Outgoing>(end: Worker | NodeMessagePort): Port<Incoming, Outgoing> {
  return {
    postMessage: (message) => end.postMessage(message),
    addEventListener: (_, listener) => end.on("message", (data: Incoming) => listener({ data })),
  };
}
