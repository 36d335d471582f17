import { call } from "@tutti/protocol";
import type { Logger } from "pino";
import type { Socket } from "socket.io";
import type { Connection } from "./pool/members.ts";
import type { Pool } from "./pool/pool.ts";

/** What a connection needs of the coordinator. */
export interface ConnectionPorts {
  readonly pool: Pick<Pool, "notAcknowledged">;
  readonly logger: Logger;
}

const taskTimeoutMs = 15_000;

/** A client's socket as the pool sees it. `onEnded` hears that another socket speaks for the client, or that the client was sent away. */
export function createConnection(
  socket: Socket,
  { pool, logger }: ConnectionPorts,
  onEnded: (why: "replaced" | "removed") => void,
): Connection {
  return {
    id: socket.id,
    isWelcomed: false,
    isReady: false,
    registered: new Set(),
    task(lease) {
      const options = { timeoutMs: taskTimeoutMs };
      void call(socket, "task", lease, options).then((outcome) => {
        if (outcome.ok || !socket.connected) return;
        logger.warn({ taskId: lease.taskId, rule: outcome.rule, message: outcome.message }, "a task was not acknowledged");
        pool.notAcknowledged(lease.taskId, socket.id, outcome.rule === "P-31");
      });
    },
    assign(devices) {
      void call(socket, "assign", { devices }).then((outcome) => {
        if (!outcome.ok) logger.warn({ rule: outcome.rule, message: outcome.message }, "an assignment was not acknowledged");
      });
    },
    moved(deviceIds) {
      void call(socket, "moved", { deviceIds }).then((outcome) => {
        if (!outcome.ok && socket.connected) logger.warn({ rule: outcome.rule, deviceIds }, "a move was not acknowledged");
      });
    },
    replaced() {
      onEnded("replaced");
      void call(socket, "replaced", {}, { timeoutMs: 2000 }).then(() => socket.disconnect(true));
    },
    removed(message) {
      onEnded("removed");
      void call(socket, "goodbye", { reason: "removed", message }, { timeoutMs: 2000 }).then(() => socket.disconnect(true));
    },
  };
}
