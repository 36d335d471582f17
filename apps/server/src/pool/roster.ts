import type { Device, DeviceId } from "@tutti/core";
import { type DeviceDecision, type Hello, limits, type Refusal, refuse } from "@tutti/protocol";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";
import type { Clock } from "./clock.ts";
import { createHosting, type Hosting, type HostingPorts } from "./hosting.ts";
import { type Client, type Connection, works } from "./members.ts";

/** What the roster needs of its surroundings. */
export interface RosterPorts extends HostingPorts {
  readonly runId: string;
  readonly clock: Clock;
  readonly devices: readonly JournalledDevice[];
  readonly clients: readonly JournalledClient[];
  saveClient(client: JournalledClient): void;
  /** n_i in the lease of the task that a device has out, or null where it has none. */
  leasedExamples(deviceId: DeviceId): number | null;
  /** Something changed that planning or a page may care about. */
  onChange(): void;
}

/** Who hosts what, and who is there. */
export interface Roster {
  readonly hosting: Hosting;
  /** The devices that have registered, as a strategy sees them. */
  list(): readonly Device[];
  clients(): readonly Client[];
  client(key: string): Client | null;
  /** The connection that a device's task goes to, or null while there is none. */
  connectionOf(deviceId: DeviceId): Connection | null;
  hello(connection: Connection, hello: Hello): Refusal | { readonly client: Client; readonly devices: readonly DeviceDecision[] };
  register(client: Client, devices: readonly { deviceId: DeviceId; numExamples: number }[]): Refusal | null;
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
  const hosting = createHosting(ports, clients, ports.devices);
  let isStopped = false;
  for (const record of ports.clients) clients.set(record.clientKey, absent(record, isFixed));
  for (const client of clients.values()) startGrace(client);

  const hostOf = (device: JournalledDevice | null) =>
    device === null || device.clientKey === null ? undefined : clients.get(device.clientKey);

  function startGrace(client: Client): void {
    client.cancelGrace();
    if (isStopped) return; // clients whose sockets close after the end have nowhere to go
    client.cancelGrace = clock.after(config.graceMs, () => giveUp(client));
  }

  function giveUp(client: Client): void {
    client.isGone = true;
    for (const device of hosting.devicesOf(client.clientKey)) hosting.rehome(device);
    ports.onChange();
  }

  function refuseNewcomer(): Refusal | null {
    const { numDevices } = config.run;
    if (!isFixed && hosting.devices().length >= numDevices) return refuse("P-13", `all ${numDevices} devices of this run are taken`);
    return clients.size < limits.maxClients ? null : refuse("P-13", `${limits.maxClients} clients are the most that may join`);
  }

  function admit({ clientKey, nickname, hosting: kind }: Hello): Refusal | Client {
    const known = clients.get(clientKey);
    if (isFixed && kind === "own") return refuse("P-13", "this run deals out its own data: own examples need an open roster");
    const refusal = known === undefined ? refuseNewcomer() : null;
    if (refusal !== null) return refusal;
    const record = { clientKey, ordinal: known?.ordinal ?? clients.size, nickname: nickname ?? known?.nickname ?? null };
    if (known?.nickname !== record.nickname) ports.saveClient(record);
    const client = Object.assign(known ?? absent(record, isFixed), { nickname: record.nickname, hosting: kind });
    clients.set(clientKey, client);
    return client;
  }

  function checkRegistration(client: Client, deviceId: DeviceId, numExamples: number): Refusal | null {
    const device = hosting.get(deviceId);
    if (device?.clientKey !== client.clientKey) return refuse("P-14", `device ${deviceId} is not assigned to this client`);
    const leased = ports.leasedExamples(deviceId);
    const known = leased ?? device.numExamples;
    if (known === null || known === numExamples) return null;
    const since = leased === null ? "since it was registered" : "in the task that is out";
    return refuse("P-14", `device ${deviceId}: numExamples is ${known} ${since}, received ${numExamples}`);
  }

  return {
    hosting,
    list: () => hosting.devices().flatMap((device) => describe(device, hostOf(device))),
    clients: () => [...clients.values()],
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
      hosting.deal(client);
      const claims = hello.runId === undefined || hello.runId === ports.runId ? hello.devices : [];
      const devices = hosting.decide(client, claims);
      ports.onChange();
      return { client, devices };
    },
    register(client, registered) {
      for (const { deviceId, numExamples } of registered) {
        const refusal = checkRegistration(client, deviceId, numExamples);
        if (refusal !== null) return refusal;
      }
      client.hasDeclined = false;
      for (const { deviceId, numExamples } of registered) {
        client.connection?.registered.add(deviceId);
        const device = hosting.get(deviceId);
        if (device?.numExamples === null) hosting.save({ ...device, numExamples });
      }
      ports.onChange();
      return null;
    },
    pause(client, isPaused) {
      client.isPaused = isPaused;
      const resting = isPaused ? hosting.devicesOf(client.clientKey) : [];
      for (const device of resting) if (hosting.isMovable(device) && !ports.isBusy(device.deviceId)) hosting.rehome(device);
      ports.onChange();
    },
    leave(client) {
      client.connection = null;
      client.cancelGrace();
      giveUp(client);
    },
    decline(client) {
      client.hasDeclined = true;
      for (const device of hosting.devicesOf(client.clientKey)) hosting.rehome(device);
      ports.onChange();
    },
    disconnected(client, connection) {
      if (client.connection !== connection) return;
      client.connection = null;
      client.progress = null;
      startGrace(client);
      ports.onChange();
    },
    settled(deviceId) {
      const device = hosting.get(deviceId);
      if (device !== null && hostOf(device)?.isPaused === true && hosting.isMovable(device)) hosting.rehome(device);
    },
    stop() {
      isStopped = true;
      for (const client of clients.values()) client.cancelGrace();
    },
  };
}

/** A client that is not connected. */
function absent(record: JournalledClient, isFixed: boolean): Client {
  const status = { connection: null, isPaused: false, hasDeclined: false, isGone: false, compute: null, progress: null };
  return { ...record, hosting: isFixed ? "virtual" : "own", ...status, cancelGrace: () => undefined };
}

function hasReady(client: Client, deviceId: DeviceId): boolean {
  return works(client) && client.connection?.registered.has(deviceId) === true;
}

/** The device as a strategy sees it; none before it has registered. */
function describe({ deviceId, numExamples, wasReset }: JournalledDevice, client: Client | undefined): Device[] {
  if (numExamples === null) return [];
  const isConnected = client !== undefined && hasReady(client, deviceId);
  const hasLeft = client === undefined || client.isGone || client.isPaused || client.hasDeclined;
  return [{ id: deviceId, numExamples, isConnected, ...(hasLeft ? { hasLeft } : {}), ...(wasReset ? { wasReset } : {}) }];
}
