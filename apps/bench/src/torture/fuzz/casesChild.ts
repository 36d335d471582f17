import { openSync, writeSync } from "node:fs";
import { allTargets } from "./allTargets.ts";
import type { ChildOrder, ChildReport } from "./childMessages.ts";
import { runCases } from "./runCases.ts";

const tell = (report: ChildReport) => process.send?.(report);

/** A rejection that nobody waits for ends a process of Node: here it is a fault of the case that runs. */
function watchRejections(order: ChildOrder, current: () => { target: number; index: number }): void {
  for (const kind of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(kind, (error: unknown) => {
      const what = `${kind}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      tell({ kind: "fault", fault: { ...current(), what } });
    });
  }
  process.on("disconnect", () => process.exit(0));
  void order;
}

async function work(order: ChildOrder): Promise<void> {
  const place = openSync(order.placeFile, "w");
  const words = new Uint32Array(2);
  let current = { target: 0, index: 0 };
  let numSince = 0;
  let toldMs = performance.now();
  watchRejections(order, () => current);
  await runCases(allTargets, {
    ...order,
    onCase(name) {
      current = name;
      words[0] = name.target;
      words[1] = name.index;
      writeSync(place, words, 0, 8, 0);
      numSince += 1;
      if (performance.now() - toldMs < 500) return;
      toldMs = performance.now();
      tell({ kind: "progress", numCases: numSince, maxBytes: process.resourceUsage().maxRSS * 1024 });
      numSince = 0;
    },
    onFault: (fault) => tell({ kind: "fault", fault }),
  });
  await new Promise((resolve) => setTimeout(resolve, 50)); // what is left unhandled shows itself in the next turns
  tell({ kind: "progress", numCases: numSince, maxBytes: process.resourceUsage().maxRSS * 1024 });
  process.send?.({ kind: "done" } satisfies ChildReport, () => process.exit(0));
}

process.once("message", (order: ChildOrder) => void work(order));
