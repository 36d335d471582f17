import type { DeviceId } from "@tutti/core";
import type { CoordinatorConfig } from "../config.ts";
import type { Clock } from "./clock.ts";
import type { Homes } from "./homes.ts";
import { type Client, canHost } from "./members.ts";

/** What keeping the time of registrations needs. */
export interface LatenessPorts {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  onLate(client: Client, deviceIds: readonly DeviceId[]): void;
}

/** Frees devices that a connected client does not register in time (P-17): it may hang, and a fixed roster would wait for it without end. */
export interface Lateness {
  /** The client says something: the time for what it owes begins, or begins again. */
  watch(client: Client): void;
  /** The client has devices that it did not have before: the time begins, unless it runs already. */
  assigned(client: Client): void;
  /** The client has registered devices, or said that it is ready. */
  registered(client: Client): void;
  /** The client is gone. */
  forget(client: Client): void;
  /** A task is over: a client that was late, and for whom every device was busy, may have one now. */
  taskOver(): void;
}

/** Signs of life put the end off up to this many times the limit: a slow download takes its time, a claim does not hold a device for good. */
const maxExtensions = 30;

/** `onChange` hears of clients that are late or no longer so. */
export function createLateness(ports: LatenessPorts, homes: Homes, onChange: (client: Client) => void): Lateness {
  const { config, clock } = ports;
  const limitMs = config.registerTimeoutMs;
  const emptyHanded = new Set<Client>();

  const owedBy = ({ clientKey, connection }: Client) =>
    homes.devicesOf(clientKey).filter(({ deviceId }) => connection?.registered.has(deviceId) !== true);

  function watch(client: Client): void {
    client.cancelLateness();
    if (client.isLate) return;
    if (client.connection === null || owedBy(client).length === 0) {
      client.owesSince = null;
      return;
    }
    client.owesSince ??= clock.now();
    const lastMs = client.owesSince + Math.min(maxExtensions * limitMs, config.reservationMs) - clock.now();
    client.cancelLateness = clock.after(Math.max(0, Math.min(limitMs, lastMs)), () => lapse(client));
  }

  function lapse(client: Client): void {
    if (client.connection === null) return; // its grace time has begun
    const owed = owedBy(client);
    client.isLate = true;
    homes.watch(client);
    ports.onLate(
      client,
      owed.map(({ deviceId }) => deviceId),
    );
    for (const device of owed) homes.rehome(device);
    onChange(client);
  }

  function dealAgain(client: Client): void {
    homes.dealAgain(client);
    if (homes.devicesOf(client.clientKey).length === 0) emptyHanded.add(client);
    else emptyHanded.delete(client);
  }

  return {
    watch,
    assigned(client) {
      if (client.owesSince === null) watch(client);
    },
    registered(client) {
      const wasLate = client.isLate;
      client.isLate = false;
      if (wasLate) {
        client.owesSince = null;
        homes.watch(client);
        dealAgain(client);
      }
      watch(client);
    },
    taskOver() {
      for (const client of emptyHanded) if (canHost(client)) dealAgain(client);
    },
    forget(client) {
      emptyHanded.delete(client);
      client.cancelLateness();
      Object.assign(client, { isLate: false, owesSince: null });
    },
  };
}
