import type { Device, DeviceId } from "@tutti/core";
import type { Backend, BlobRef, DeviceDecision, Hello, Refusal, TaskLease } from "@tutti/protocol";
import { limits, refuse } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";
import type { Clock } from "./clock.ts";
import { chooseHost, dealToNewcomer, type Guest, type Host } from "./dealing.ts";
import { decideVersion } from "./versions.ts";

/** A client's socket as the pool sees it. */
export interface Connection {
  readonly id: string;
  /** Set once hello is answered: only then may assignments follow. */
  isWelcomed: boolean;
  /** Devices that were registered on this connection: only they get tasks. */
  readonly registered: Set<DeviceId>;
  task(lease: TaskLease): void;
  assign(devices: readonly DeviceDecision[]): void;
  /** Tells the client that another socket took its place, and closes. */
  replaced(): void;
}

/** What a client computes on. */
export interface Compute {
  readonly backend: Backend;
  readonly threads: number;
  readonly reason: string;
}

export interface Client extends JournalledClient {
  readonly hosting: "virtual" | "own";
  connection: Connection | null;
  isPaused: boolean;
  /** Whether it said that it cannot contribute at all. */
  hasDeclined: boolean;
  /** Whether it left, or its grace time is over. */
  isGone: boolean;
  compute: Compute | null;
  /** Share of its present task that is done. */
  progress: number | null;
  cancelGrace: () => void;
}

/** What the roster needs of its surroundings. */
export interface RosterPorts {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly clock: Clock;
  readonly devices: readonly JournalledDevice[];
  readonly clients: readonly JournalledClient[];
  saveDevice(device: JournalledDevice): void;
  saveClient(client: JournalledClient): void;
  /** Whether a task of the open step can still be submitted. */
  isOpenTask(taskId: string): boolean;
  /** Whether a device has a task out. */
  isBusy(deviceId: DeviceId): boolean;
  /** Where a kept device state can be fetched. */
  stateBlob(sha256: string): BlobRef | null;
  /** Something changed that planning or a page may care about. */
  onChange(): void;
  /** A device is given up, and nobody takes it. */
  onLost(deviceId: DeviceId): void;
  /** A device starts afresh: its private state is lost. */
  onReset(deviceId: DeviceId): void;
}

/** Who hosts what, and who is there. */
export interface Roster {
  list(): readonly Device[];
  clients(): readonly Client[];
  /** Every device that there is, registered or not. */
  devices(): readonly JournalledDevice[];
  device(deviceId: DeviceId): JournalledDevice | null;
  client(key: string): Client | null;
  devicesOf(key: string): readonly JournalledDevice[];
  /** The connection that a device's task goes to, or null while there is none. */
  connectionOf(deviceId: DeviceId): Connection | null;
  hello(connection: Connection, hello: Hello): Refusal | { readonly client: Client; readonly devices: readonly DeviceDecision[] };
  register(client: Client, devices: readonly { deviceId: DeviceId; numExamples: number }[]): Refusal | null;
  updateDevice(device: JournalledDevice): void;
  pause(client: Client, isPaused: boolean): void;
  /** The client leaves on purpose: no grace. */
  leave(client: Client): void;
  /** The client cannot contribute: its devices go elsewhere. */
  decline(client: Client): void;
  /** Its socket is gone; its devices wait for the grace time. */
  disconnected(client: Client, connection: Connection): void;
  /** A device's task is over; if its host rests, it may move now. */
  settled(deviceId: DeviceId): void;
  stop(): void;
}

/** Whether devices without a client move to another one. */
export function canMoveDevices({ homeless, run }: CoordinatorConfig): boolean {
  return (homeless ?? (run.roster === "fixed" ? "move" : "leave")) === "move";
}

/** A roster that goes on from what was journalled. Clients of an earlier process have the grace time to come back. */
export function createRoster(ports: RosterPorts): Roster {
  const { config, clock } = ports;
  const isFixed = config.run.roster === "fixed";
  const canMove = canMoveDevices(config);
  const clients = new Map<string, Client>();
  const devices = new Map<DeviceId, JournalledDevice>();
  const assignments = new Map<Connection, readonly DeviceDecision[]>();
  let isStopped = false;
  for (const record of ports.clients) clients.set(record.clientKey, absent(record));
  const journalled = new Map(ports.devices.map((device) => [device.deviceId, device]));
  const numKnown = Math.max(isFixed ? config.run.numDevices : 0, ...[...journalled.keys()].map((id) => id + 1));
  for (let id = 0; id < numKnown; id++) devices.set(id, journalled.get(id) ?? freshDevice(id));
  for (const client of clients.values()) startGrace(client);

  function absent(record: JournalledClient): Client {
    const status = { connection: null, isPaused: false, hasDeclined: false, isGone: false, compute: null, progress: null };
    return { ...record, hosting: isFixed ? "virtual" : "own", ...status, cancelGrace: () => undefined };
  }

  function startGrace(client: Client): void {
    client.cancelGrace();
    if (isStopped) return; // clients whose sockets close after the end have nowhere to go
    client.cancelGrace = clock.after(config.graceMs, () => giveUp(client));
  }

  // Ids are given in order, and the journal lists devices in order: so does the map.
  const inOrder = () => [...devices.values()];
  const devicesOf = (key: string) => inOrder().filter((device) => device.clientKey === key);
  function hosts(): Host[] {
    const able = [...clients.values()].filter((client) => works(client) && client.hosting === "virtual");
    return able.map(({ clientKey, ordinal }) => ({ key: clientKey, ordinal, numDevices: devicesOf(clientKey).length }));
  }

  function save(device: JournalledDevice): void {
    devices.set(device.deviceId, device);
    ports.saveDevice(device);
  }

  /** A device that was never registered loses nothing when it moves; the others need their state kept here. */
  const isMovable = (device: JournalledDevice) => isFixed && (canMove || device.numExamples === null);

  function giveUp(client: Client): void {
    client.isGone = true;
    for (const device of devicesOf(client.clientKey)) rehome(device);
    ports.onChange();
  }

  /** Moves a device to another client, or lets it go homeless. */
  function rehome(device: JournalledDevice): void {
    const host = isMovable(device) ? chooseHost(hosts(), config) : null;
    if (host !== null) return moveTo(device, host);
    if (isMovable(device) && clients.get(device.clientKey ?? "")?.isGone !== false) save({ ...device, clientKey: null });
    ports.onLost(device.deviceId);
  }

  function moveTo(device: JournalledDevice, key: string): void {
    const moved = { ...device, clientKey: key };
    save(moved);
    const connection = clients.get(key)?.connection;
    if (connection == null) return;
    const decisions = assignments.get(connection) ?? [];
    if (decisions.length === 0) queueMicrotask(() => sendAssignments(connection));
    assignments.set(connection, [...decisions, handOver(moved)]);
  }

  /** Devices that move together are assigned in one message. */
  function sendAssignments(connection: Connection): void {
    const decisions = assignments.get(connection) ?? [];
    assignments.delete(connection);
    connection.assign(decisions);
  }

  /** What a client that has nothing of the device is told to start from. */
  function handOver(device: JournalledDevice): DeviceDecision {
    const { deviceId, version, stateSha256 } = device;
    const state = stateSha256 === null ? null : ports.stateBlob(stateSha256);
    if (version !== null && state !== null) return { deviceId, decision: "new", state, version };
    if (version !== null) {
      // Where states are kept, a device whose last training contribution carried none had none to lose.
      const isLost = !canMove || stateSha256 !== null;
      save({ ...device, version: null, versionSha256: null, stateSha256: null, wasReset: device.wasReset || isLost });
      if (isLost) {
        ports.onReset(deviceId);
        return { deviceId, decision: "reset" };
      }
    }
    return { deviceId, decision: "new" };
  }

  function decide(device: JournalledDevice, claims: Hello["devices"]): DeviceDecision {
    const claim = claims.find((candidate) => candidate.deviceId === device.deviceId);
    if (claim === undefined) return handOver(device);
    const decision = decideVersion(claim, device.version, ports.isOpenTask);
    return decision === "reset" ? handOver(device) : { deviceId: device.deviceId, decision };
  }

  function dealFixed(client: Client): void {
    const byOrdinal = new Map([...clients.values()].map((known) => [known.ordinal, known]));
    const guests = inOrder().flatMap((device): Guest[] => {
      const host = device.clientKey === null ? undefined : clients.get(device.clientKey);
      const canMoveNow = isMovable(device) && !ports.isBusy(device.deviceId);
      const isHosted = host !== undefined && !host.isGone && !((host.isPaused || host.hasDeclined) && canMoveNow);
      if (!isHosted && !isMovable(device)) return [];
      const isOrphan = config.expectedClients !== null && byOrdinal.get(device.deviceId % config.expectedClients)?.isGone === true;
      return [{ deviceId: device.deviceId, clientKey: isHosted ? host.clientKey : null, canMove: canMoveNow, isOrphan }];
    });
    const newcomer = { key: client.clientKey, ordinal: client.ordinal, numDevices: devicesOf(client.clientKey).length };
    for (const id of dealToNewcomer(newcomer, guests, hosts(), config)) {
      save({ ...(devices.get(id) ?? freshDevice(id)), clientKey: client.clientKey });
    }
  }

  function dealOpen(client: Client): void {
    const numWanted = Math.max(1, client.hosting === "own" ? 1 : (config.maxPerClient ?? 1)) - devicesOf(client.clientKey).length;
    for (let i = 0; i < numWanted && devices.size < config.run.numDevices; i++) {
      save({ ...freshDevice(devices.size), clientKey: client.clientKey });
    }
  }

  function admit(hello: Hello): Refusal | Client {
    const known = clients.get(hello.clientKey);
    if (isFixed && hello.hosting === "own") return refuse("P-13", "this run deals out its own data: own examples need an open roster");
    const hasRoom = isFixed || known !== undefined || devices.size < config.run.numDevices;
    if (!hasRoom) return refuse("P-13", `all ${config.run.numDevices} devices of this run are taken`);
    if (known === undefined && clients.size >= limits.maxClients) return refuse("P-13", `${limits.maxClients} clients are the most that may join`);
    const record = { clientKey: hello.clientKey, ordinal: known?.ordinal ?? clients.size, nickname: hello.nickname ?? known?.nickname ?? null };
    const client = Object.assign(known ?? absent(record), { nickname: record.nickname, hosting: hello.hosting });
    if (known === undefined || known.nickname !== record.nickname) ports.saveClient(record);
    clients.set(client.clientKey, client);
    return client;
  }

  return {
    list: () => inOrder().flatMap((device) => describe(device, device.clientKey === null ? undefined : clients.get(device.clientKey))),
    clients: () => [...clients.values()],
    devices: inOrder,
    device: (deviceId) => devices.get(deviceId) ?? null,
    client: (key) => clients.get(key) ?? null,
    devicesOf,
    connectionOf(deviceId) {
      const device = devices.get(deviceId);
      const client = device?.clientKey == null ? undefined : clients.get(device.clientKey);
      return client !== undefined && works(client) && client.connection?.registered.has(deviceId) === true ? client.connection : null;
    },
    hello(connection, hello) {
      const client = admit(hello);
      if ("refused" in client) return client;
      if (client.connection !== null && client.connection !== connection) client.connection.replaced();
      client.cancelGrace();
      Object.assign(client, { connection, isPaused: false, hasDeclined: false, isGone: false });
      if (isFixed) dealFixed(client);
      else dealOpen(client);
      const claims = hello.runId === undefined || hello.runId === ports.runId ? hello.devices : [];
      const decisions = devicesOf(client.clientKey).map((device) => decide(device, claims));
      ports.onChange();
      return { client, devices: decisions };
    },
    register(client, registered) {
      for (const { deviceId, numExamples } of registered) {
        const device = devices.get(deviceId);
        if (device?.clientKey !== client.clientKey) return refuse("P-14", `device ${deviceId} is not assigned to this client`);
        if (device.numExamples !== null && device.numExamples !== numExamples) {
          return refuse("P-14", `device ${deviceId}: numExamples is ${device.numExamples} since it was registered, received ${numExamples}`);
        }
      }
      for (const { deviceId, numExamples } of registered) {
        const device = devices.get(deviceId);
        if (device === undefined) continue;
        client.hasDeclined = false;
        client.connection?.registered.add(deviceId);
        if (device.numExamples === null) save({ ...device, numExamples });
      }
      ports.onChange();
      return null;
    },
    updateDevice: (device) => devices.set(device.deviceId, device),
    pause(client, isPaused) {
      client.isPaused = isPaused;
      const hosted = devicesOf(client.clientKey);
      if (isPaused) for (const device of hosted) if (isMovable(device) && !ports.isBusy(device.deviceId)) rehome(device);
      ports.onChange();
    },
    leave(client) {
      client.connection = null;
      client.cancelGrace();
      giveUp(client);
    },
    decline(client) {
      client.hasDeclined = true;
      for (const device of devicesOf(client.clientKey)) rehome(device);
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
      const device = devices.get(deviceId);
      const client = device?.clientKey == null ? undefined : clients.get(device.clientKey);
      if (device !== undefined && client !== undefined && client.isPaused && isMovable(device)) rehome(device);
    },
    stop() {
      isStopped = true;
      for (const client of clients.values()) client.cancelGrace();
    },
  };
}

/** Whether a client takes tasks now. */
function works({ connection, isPaused, hasDeclined }: Client): boolean {
  return connection?.isWelcomed === true && !isPaused && !hasDeclined;
}

function freshDevice(deviceId: DeviceId): JournalledDevice {
  const nothing = { clientKey: null, numExamples: null, version: null, versionSha256: null, stateSha256: null, wasReset: false };
  return { deviceId, ...nothing };
}

/** The device as a strategy sees it; none before it has registered. */
function describe({ deviceId, numExamples }: JournalledDevice, client: Client | undefined): Device[] {
  if (numExamples === null) return [];
  const isConnected = client !== undefined && works(client) && client.connection?.registered.has(deviceId) === true;
  const hasLeft = client === undefined || client.isGone || client.isPaused || client.hasDeclined;
  return [{ id: deviceId, numExamples, isConnected, ...(hasLeft ? { hasLeft } : {}) }];
}
