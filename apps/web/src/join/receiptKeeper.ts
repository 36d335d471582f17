import type { Receipt } from "@tutti/protocol";
import type { PageEvent } from "./view.ts";

/** What keeping a receipt needs of the page. */
export interface ReceiptPorts {
  /** A fresh one; null where the coordinator does not answer. */
  ask(): Promise<Receipt | null>;
  /** Milliseconds. */
  now(): number;
  onReceipt(receipt: Receipt): void;
}

/** Keeps the latest receipt, so that there is one when the coordinator has gone. */
export interface ReceiptKeeper {
  onEvent(event: PageEvent): void;
  /** A fresh receipt, else the latest one. */
  get(): Promise<Receipt | null>;
  forget(): void;
}

/** A receipt is asked for again after so long while contributions come in, as long as it is short. */
const refreshMs = 20_000;
const maxRefreshed = 200;

/** Keeps no receipt yet. */
export function keepReceipts({ ask, now, onReceipt }: ReceiptPorts): ReceiptKeeper {
  let latest: Receipt | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let isDone = false;
  let isForgotten = false;

  async function refresh(): Promise<Receipt | null> {
    askedAtMs = now();
    const fresh = await ask();
    if (fresh !== null && !isForgotten) {
      latest = fresh;
      onReceipt(fresh);
    }
    return latest;
  }

  const isDue = () => now() - askedAtMs >= refreshMs && (latest?.contributions.length ?? 0) <= maxRefreshed;

  return {
    onEvent(event) {
      const isFirst = event.kind === "ready" && latest === null;
      const isAccepted = event.kind === "taskEnded" && event.outcome === "accepted" && isDue();
      const isOver = event.kind === "status" && event.status.phase === "done" && !isDone;
      const isResting = event.kind === "paused" && event.isPaused && isDue();
      if (isOver) isDone = true;
      if (isFirst || isAccepted || isOver || isResting) void refresh();
    },
    get: refresh,
    forget() {
      isForgotten = true;
      latest = null;
    },
  };
}
