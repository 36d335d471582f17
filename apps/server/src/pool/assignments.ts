import type { DeviceId } from "@tutti/core";
import type { DeviceDecision } from "@tutti/protocol";
import type { Client, Connection } from "./members.ts";

/** Tells clients of devices that live with them from now on; those that move together are assigned in one message. */
export interface Assignments {
  /** The device lives with the client of this connection, unless it moves on before the message leaves. */
  add(client: Client, connection: Connection, decision: DeviceDecision): void;
}

/** Assignments that are sent when the present turn is over. `isHost` tells whether a device still lives with a client then. */
export function createAssignments(isHost: (client: Client, deviceId: DeviceId) => boolean): Assignments {
  const waiting = new Map<Connection, Map<DeviceId, DeviceDecision>>();

  function flush(client: Client, connection: Connection): void {
    const decisions = [...(waiting.get(connection)?.values() ?? [])];
    waiting.delete(connection);
    // A device that moved on in the same turn was taken back before this client heard of it.
    const present = decisions.filter(({ deviceId }) => isHost(client, deviceId));
    if (present.length > 0) connection.assign(present);
  }

  return {
    add(client, connection, decision) {
      const known = waiting.get(connection);
      if (known === undefined) queueMicrotask(() => flush(client, connection));
      waiting.set(connection, (known ?? new Map()).set(decision.deviceId, decision));
    },
  };
}
