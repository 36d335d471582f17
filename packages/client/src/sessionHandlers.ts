import { type Goodbye, type Handlers, refuse } from "@tutti/protocol";
import { StateUnavailable } from "./devices.ts";
import type { Participation } from "./participation.ts";
import { endSession, failSession, type Session } from "./sessionState.ts";

/** What a session answers the coordinator. */
export function sessionHandlers(session: Session): Handlers {
  return {
    task(lease) {
      if (session.part?.take(lease) === true) return {};
      return refuse("P-31", `device ${lease.deviceId} is not hosted by this client`);
    },
    assign({ devices }) {
      rehouse(session, (part) => part.assign(devices));
      return {};
    },
    moved({ deviceIds }) {
      rehouse(session, (part) => part.moved(deviceIds));
      return {};
    },
    status(status) {
      session.part?.queue.dropSuperseded(status);
      session.emit({ kind: "status", status });
      return {};
    },
    replaced(_, afterAnswer) {
      session.part?.stop();
      afterAnswer(() => endSession(session, { reason: "replaced" }));
      return {};
    },
    goodbye(goodbye, afterAnswer) {
      afterAnswer(() => takeLeave(session, goodbye));
      return {};
    },
  };
}

/** Changes who lives here: behind the welcome that is on its way, if there is one. */
function rehouse(session: Session, change: (part: Participation) => Promise<void>): void {
  if (session.numGreetings > 0) session.early.push(change);
  else if (session.part !== null) change(session.part).catch((error: unknown) => cannotRehouse(session, error));
}

function cannotRehouse(session: Session, error: unknown): void {
  if (session.life.signal.aborted) return;
  if (error instanceof StateUnavailable) session.socket.greetAgain();
  else failSession(session, error);
}

function takeLeave(session: Session, { reason }: Goodbye): void {
  if (reason === "finished" || reason === "removed") {
    endSession(session, { reason });
    return;
  }
  if (reason === "newRun") session.runId = null;
  session.isStopped = reason === "closing";
  session.socket.reconnect();
}
