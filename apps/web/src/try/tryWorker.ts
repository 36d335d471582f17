import "../noEval.ts";
import { offerThreads, openTryout } from "@tutti/model";
import type { Port } from "@tutti/model/bridge";
import type { TryReply, TryRequest } from "./bridge.ts";
import { serveTryout } from "./serveTryout.ts";

// A dedicated worker's global scope is its port to the page.
serveTryout(globalThis as Port<TryRequest, TryReply>, {
  open: (setup, onProgress, signal) => openTryout(setup, {}, onProgress, signal),
  onThreads: offerThreads,
  fetched: () => performance.getEntriesByType("resource").map(({ name }) => name),
});
