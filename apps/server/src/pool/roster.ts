import type { Device, DeviceId } from "@tutti/core";
import { type DeviceDecision, type Hello, limits, type Refusal, refuse } from "@tutti/protocol";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";
import type { Clock } from "./clock.ts";
import { createDeviceList, describeDevice, hasReady } from "./deviceList.ts";
import { createHosting, type Hosting, type HostingPorts } from "./hosting.ts";
import { createLateness } from "./lateness.ts";
import type { Client, Compute, Connection } from "./members.ts";
import { checkRegistrations, type Registrations } from "./registrations.ts";

/** What the roster needs of its surroundings. */
export interface RosterPorts extends HostingPorts {
  readonly runId: string;
  readonly clock: Clock;
  readonly devices: readonly JournalledDevice[];
  readonly clients: readonly JournalledClient[];
  saveClient(client: JournalledClient): void;
  /** Forgets a client that is gone and holds no device, as if it had never come. */
  removeClient(clientKey: string): void;
  /** n_i in the lease of the task that a device has out, or null where it has none. */
  leasedExamples(deviceId: DeviceId): number | null;
  /** Something changed that planning or a page may care about. */
  onChange(): void;
  /** A client did not register these devices in time. */
  onLate(client: Client, deviceIds: readonly DeviceId[]): void;
}

/** Who hosts what, and who is there. */
export interface Roster {
  readonly hosting: Hosting;
  /** The devices that have registered, as a strategy sees them, in order of their ids. */
  list(): readonly Device[];
  clients(): IterableIterator<Client>;
  client(key: string): Client | null;
  /** The connection that a device's task goes to, or null while there is none. */
  connectionOf(deviceId: DeviceId): Connection | null;
  hello(connection: Connection, hello: Hello): Refusal | { readonly client: Client; readonly devices: readonly DeviceDecision[] };
  /** Its hello is answered: from now on it may be told things. */
  welcomed(client: Client): void;
  /** The client gets on with loading its devices. */
  showsLife(client: Client): void;
  register(client: Client, devices: Registrations, compute: Compute | null): Refusal | null;
  pause(client: Client, isPaused: boolean): void;
  /** The client leaves on purpose: no grace. */
  leave(client: Client): void;
  /** The client cannot contribute: its devices go elsewhere. */
  decline(client: Client): void;
  /** Its socket is gone; its devices wait for the grace time. */
  disconnected(client: Client, connection: Connection): void;
  /** A device's task is over, or about to be handed out: if its host rests, it may move. */
  settled(deviceId: DeviceId): void;
  stop(): void;
}

/** A roster that goes on from what was journalled. Clients of an earlier process have the grace time to come back. */
export function createRoster(ports: RosterPorts): Roster {
  const { config, clock } = ports;
  const isFixed = config.run.roster === "fixed";
  const clients = new Map<string, Client>();
  const byOrdinal = new Map<number, Client>();
  const { touch, list } = createDeviceList((id) => {
    const device = hosting.get(id);
    return device === null ? undefined : describeDevice(device, hostOf(device), isFixed);
  });
  const world = { clients, clientAt: (ordinal: number) => byOrdinal.get(ordinal), onPut: touch };
  const hosting = createHosting(ports, { ...world, onAssigned: (client) => lateness.assigned(client) }, ports.devices);
  const lateness = createLateness(ports, hosting, changed);
  let isStopped = false;
  let numArrivals = 0;
  for (const record of ports.clients) addClient(absent(record));
  for (const client of clients.values()) startGrace(client);

  function addClient(client: Client): void {
    clients.set(client.clientKey, client);
    byOrdinal.set(client.ordinal, client);
    numArrivals = Math.max(numArrivals, client.ordinal + 1);
  }

  /** Forgets who left without a device, but for the expected clients, whose devices wait for them by their number: names cost nothing to invent. */
  function forgetStrangers(): void {
    for (const { clientKey, ordinal, isGone } of clients.values()) {
      if (!isGone || ordinal < (config.expectedClients ?? 0) || hosting.devicesOf(clientKey).length > 0) continue;
      clients.delete(clientKey);
      byOrdinal.delete(ordinal);
      ports.removeClient(clientKey);
    }
  }

  const hostOf = (device: JournalledDevice | null) =>
    device === null || device.clientKey === null ? undefined : clients.get(device.clientKey);

  function changed(client: Client): void {
    hosting.watch(client);
    for (const { deviceId } of hosting.devicesOf(client.clientKey)) touch(deviceId);
    ports.onChange();
  }

  function startGrace(client: Client): void {
    client.cancelGrace();
    if (isStopped) return; // clients whose sockets close after the end have nowhere to go
    client.cancelGrace = clock.after(config.graceMs, () => giveUp(client));
  }

  function giveUp(client: Client): void {
    client.isGone = true;
    lateness.forget(client);
    for (const device of hosting.devicesOf(client.clientKey)) hosting.rehome(device);
    changed(client);
  }

  function refuseNewcomer(): Refusal | null {
    const { maxDevices } = config.run;
    if (!isFixed && !hosting.hasRoom())
      return refuse("P-13", `all ${maxDevices} devices of this run are taken: maxDevices is ${maxDevices}`);
    const maxClients = isFixed ? limits.maxClients : Math.max(limits.maxClients, maxDevices);
    if (clients.size >= maxClients) forgetStrangers();
    return clients.size < maxClients ? null : refuse("P-13", `this run takes at most ${maxClients} clients`);
  }

  function admit({ clientKey, nickname, hosting: kind }: Hello): Refusal | Client {
    const known = clients.get(clientKey);
    if (isFixed && kind === "own") return refuse("P-13", "this run gives out its own data: own examples need an open roster");
    const refusal = known === undefined ? refuseNewcomer() : null;
    if (refusal !== null) return refusal;
    const record = { clientKey, ordinal: known?.ordinal ?? numArrivals, nickname: nickname ?? known?.nickname ?? null };
    if (known?.nickname !== record.nickname) ports.saveClient(record);
    const client = Object.assign(known ?? absent(record), { nickname: record.nickname, hosting: kind });
    if (known === undefined) addClient(client);
    return client;
  }

  return {
    hosting,
    list,
    clients: () => clients.values(),
    client: (key) => clients.get(key) ?? null,
    connectionOf(deviceId) {
      const client = hostOf(hosting.get(deviceId));
      return client !== undefined && hasReady(client, deviceId) ? client.connection : null;
    },
    hello(connection, hello) {
      const client = admit(hello);
      if ("refused" in client) return client;
      if (client.connection !== null && client.connection !== connection) client.connection.replaced();
      client.cancelGrace();
      Object.assign(client, { connection, isPaused: false, hasDeclined: false, isGone: false });
      if (!client.isLate) hosting.deal(client);
      const claims = hello.runId === undefined || hello.runId === ports.runId ? hello.devices : [];
      const devices = hosting.decide(client, claims);
      lateness.watch(client);
      changed(client);
      return { client, devices };
    },
    welcomed(client) {
      if (client.connection !== null) client.connection.isWelcomed = true;
      changed(client);
    },
    showsLife: (client) => lateness.watch(client),
    register(client, registered, compute) {
      if (compute !== null) client.compute = compute;
      const refusal = checkRegistrations(client, registered, { hosting, leasedExamples: ports.leasedExamples });
      if (refusal !== null) return refusal;
      client.hasDeclined = false;
      for (const { deviceId, numExamples } of registered) {
        client.connection?.registered.add(deviceId);
        const device = hosting.get(deviceId);
        if (device?.numExamples === null) hosting.save({ ...device, numExamples });
      }
      lateness.registered(client);
      changed(client);
      return null;
    },
    pause(client, isPaused) {
      client.isPaused = isPaused;
      const resting = isPaused ? hosting.devicesOf(client.clientKey) : [];
      for (const device of resting) if (hosting.isMovable(device) && !ports.isBusy(device.deviceId)) hosting.rehome(device);
      changed(client);
    },
    leave(client) {
      client.connection = null;
      client.cancelGrace();
      giveUp(client);
    },
    decline(client) {
      client.hasDeclined = true;
      for (const device of hosting.devicesOf(client.clientKey)) hosting.rehome(device);
      changed(client);
    },
    disconnected(client, connection) {
      if (client.connection !== connection) return;
      client.connection = null;
      client.progress = null;
      startGrace(client);
      changed(client);
    },
    settled(deviceId) {
      lateness.taskOver();
      const device = hosting.get(deviceId);
      if (device !== null && hostOf(device)?.isPaused === true && hosting.isMovable(device)) hosting.rehome(device);
    },
    stop() {
      isStopped = true;
      for (const client of clients.values()) {
        client.cancelGrace();
        client.cancelLateness();
      }
    },
  };
}

/** A client that is not connected; of an earlier process's it is not known what they bring, and a device's record says whether it holds a share. */
function absent(record: JournalledClient): Client {
  const flags = { isPaused: false, hasDeclined: false, isGone: false, owesSince: null, isLate: false };
  const nothing = { connection: null, compute: null, progress: null, cancelGrace: () => undefined, cancelLateness: () => undefined };
  return { ...record, hosting: "virtual", ...flags, ...nothing };
}
