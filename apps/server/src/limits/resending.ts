import type { Clock } from "../pool/clock.ts";

/** Pauses before a lease that was not acknowledged is sent again (P-144); when they are over, it is given up. */
export const resendPausesMs = [1000, 2000, 4000] as const;

/** Sends leases again after growing pauses, three times at most for each client. */
export interface Resending {
  /** The lease was not acknowledged by its holder: sends it again after a pause, or gives it up. */
  failed(lease: { readonly taskId: string; readonly holder: string | null }, acts: ResendActs): void;
  /** The step is over. */
  forget(): void;
}

/** What becomes of a lease that was not acknowledged. */
export interface ResendActs {
  send(): void;
  giveUp(): void;
}

/** Counts by task and client, so that a client which comes back on another connection goes on where it was. */
export function createResending({ after }: Pick<Clock, "after">, onResent: () => void): Resending {
  const failures = new Map<string, number>();
  const cancels = new Map<string, () => void>();

  return {
    failed({ taskId, holder }, { send, giveUp }) {
      const key = `${taskId} ${holder}`;
      const numFailed = failures.get(key) ?? 0;
      failures.set(key, numFailed + 1);
      const pauseMs = resendPausesMs[numFailed];
      if (pauseMs === undefined) return giveUp();
      cancels.get(key)?.();
      const cancel = after(pauseMs, () => {
        cancels.delete(key);
        onResent();
        send();
      });
      cancels.set(key, cancel);
    },
    forget() {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
      failures.clear();
    },
  };
}
