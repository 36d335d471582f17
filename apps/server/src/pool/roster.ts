import type { Bits, Device, DeviceId } from "@tutti/core";
import { type DeviceDecision, type Hello, type Refusal, refuse } from "@tutti/protocol";
import { isSameSecret } from "../entry/tokens.ts";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";
import { type ClientCounts, type ClientTally, createClientTally } from "../waiting.ts";
import { type AdmissionSources, admit, failuresOf, markOf } from "./admission.ts";
import { type ClientTable, createClientTable } from "./clientTable.ts";
import type { Clock } from "./clock.ts";
import { createDeviceList, type DeviceList, describeDevice, hasReady } from "./deviceList.ts";
import { createHomes, type Homes } from "./homes.ts";
import type { HomesPorts } from "./homesPorts.ts";
import { createLateness, type Lateness } from "./lateness.ts";
import type { Client, Compute, Connection } from "./members.ts";
import { createPlaceLeases, type PlaceLeases } from "./placeLeases.ts";
import { createQuotas, type Quotas } from "./quotas.ts";
import { isGrowing, judgeRegistrations, type RefusedDevice, type Registrations } from "./registrations.ts";

/** What the roster needs of its surroundings. */
export interface RosterPorts extends HomesPorts, Pick<AdmissionSources, "saveClient" | "removeClient"> {
  readonly runId: string;
  readonly clock: Clock;
  readonly devices: readonly JournalledDevice[];
  readonly clients: readonly JournalledClient[];
  /** n_i in the lease of the task that a device has out, or null where it has none. */
  leasedExamples(deviceId: DeviceId): number | null;
  /** What trusted hosts bring; null where states go to any host (P-126). */
  readonly hostToken: string | null;
  /** What helper devices bring; null where the run has none (P-192). */
  readonly helperToken: string | null;
  /** n_i of a share, or null where the coordinator does not know it (P-120). */
  shareSize(share: number): number | null;
  /** The bits of the backbone for a client, null where it gets the run's; or why it may not join. */
  baseFor(hello: Hello): Bits | Refusal | null;
  /** Something changed that planning or a page may care about. */
  onChange(): void;
  /** The client has the contribution to this open task of its device, and is about to send it. */
  onPending(taskId: string, client: Client): void;
  /** A client did not register these devices in time. */
  onLate(client: Client, deviceIds: readonly DeviceId[]): void;
}

/** Who hosts what, and who is there. */
export interface Roster {
  readonly homes: Homes;
  /** The devices that have registered, as a strategy sees them, in order of their ids. */
  list(): readonly Device[];
  clients(): IterableIterator<Client>;
  counts(): ClientCounts;
  client(key: string): Client | null;
  /** The connection that a device's task goes to, or null while there is none. */
  connectionOf(deviceId: DeviceId): Connection | null;
  hello(connection: Connection, hello: Hello): Refusal | { readonly client: Client; readonly devices: readonly DeviceDecision[] };
  /** Its hello is answered: from now on it may be told things. */
  welcomed(client: Client): void;
  /** The client gets on with loading its devices. */
  showsLife(client: Client): void;
  /** Registers what it can; refused as a whole only where no device of several, or of one, is taken (P-122). */
  register(client: Client, devices: Registrations, compute: Compute | null): Refusal | { readonly unregistered: readonly RefusedDevice[] };
  /** The client cannot use the state of this version that its device came with: the device starts again (P-125). */
  declineState(client: Client, deviceId: DeviceId, version: string): Refusal | null;
  pause(client: Client, isPaused: boolean): void;
  /** The client leaves on purpose: no grace. */
  leave(client: Client): void;
  /** The client leaves for good, and with it its name and what is known of these devices, wherever they live (P-127). */
  withdraw(client: Client, own: readonly JournalledDevice[]): void;
  /** The client cannot contribute: its devices go elsewhere. */
  decline(client: Client): void;
  /** Its socket is gone; its devices wait for the grace time. */
  disconnected(client: Client, connection: Connection): void;
  /** A device's task is over, or about to be handed out: if its host rests, it may move. */
  settled(deviceId: DeviceId): void;
  /** Whether the client let a task's deadline pass, or did a task. */
  answered(client: Client, isInTime: boolean): void;
  /** Journals how often the client has failed in a row. */
  remember(client: Client): void;
  stop(): void;
}

/** A roster that goes on from what was journalled. Clients of an earlier process have the grace time to come back. */
export function createRoster(ports: RosterPorts): Roster {
  const members = gather(ports);
  const { homes, lateness, clients } = members;
  for (const client of clients.all.values()) startGrace(members, client);
  return {
    homes,
    list: members.devices.list,
    clients: () => clients.all.values(),
    counts: members.tally.counts,
    client: (key) => clients.all.get(key) ?? null,
    connectionOf(deviceId) {
      const client = hostOf(clients, homes.get(deviceId));
      return client !== undefined && hasReady(client, deviceId) ? client.connection : null;
    },
    hello: (connection, request) => hello(members, connection, request),
    welcomed(client) {
      if (client.connection !== null) client.connection.isWelcomed = true;
      homes.rehomeHomeless();
      changed(members, client);
    },
    showsLife: lateness.watch,
    register: (client, registered, compute) => register(members, client, { registered, compute }),
    declineState(client, deviceId, version) {
      const device = homes.get(deviceId);
      if (device?.clientKey !== client.clientKey) return refuse("P-125", `device ${deviceId} is not hosted by this client`);
      if (device.version === version) homes.reset(device, "declined");
      changed(members, client);
      return null;
    },
    pause(client, isPaused) {
      client.isPaused = isPaused;
      const resting = isPaused ? homes.devicesOf(client.clientKey) : [];
      for (const device of resting) if (canLeave(homes, device) && !ports.isBusy(device.deviceId)) homes.rehome(device);
      if (!isPaused) homes.rehomeHomeless();
      changed(members, client);
    },
    leave(client) {
      client.connection = null;
      client.cancelGrace();
      giveUp(members, client);
    },
    withdraw: (client, own) => withdraw(members, client, own),
    decline(client) {
      client.hasDeclined = true;
      for (const device of homes.devicesOf(client.clientKey)) homes.rehome(device);
      changed(members, client);
    },
    disconnected(client, connection) {
      if (client.connection !== connection) return;
      client.connection = null;
      client.progress = null;
      startGrace(members, client);
      changed(members, client);
    },
    settled(deviceId) {
      lateness.taskOver();
      const device = homes.get(deviceId);
      if (device !== null && hostOf(clients, device)?.isPaused === true && canLeave(homes, device)) homes.rehome(device);
    },
    remember: (client) => {
      const { clientKey, ordinal, nickname } = client;
      ports.saveClient({ ...markOf(client), clientKey, ordinal, nickname, ...failuresOf(client) });
    },
    answered(client, isInTime) {
      if (isInTime) members.leases.worked(client);
      if (client.isSilent === !isInTime) return;
      client.isSilent = !isInTime;
      members.leases.watch(client);
    },
    stop() {
      members.isStopped = true;
      for (const client of clients.all.values()) {
        client.cancelGrace();
        client.cancelLateness();
      }
    },
  };
}

/** Clients, devices, and what looks after them. */
interface Members {
  readonly ports: RosterPorts;
  readonly clients: ClientTable;
  readonly devices: DeviceList;
  readonly homes: Homes;
  readonly lateness: Lateness;
  readonly leases: PlaceLeases;
  readonly quotas: Quotas;
  readonly tally: ClientTally<Client>;
  isStopped: boolean;
}

function gather(ports: RosterPorts): Members {
  const isFixed = ports.config.run.roster === "fixed";
  const clients = createClientTable(ports.clients);
  const devices = createDeviceList((id) => {
    const device = homes.get(id);
    return device === null ? undefined : describeDevice(device, hostOf(clients, device), isFixed);
  });
  const { config, clock } = ports;
  const leases = createPlaceLeases(config.leaseMs, clock);
  const holdsPlace = ({ clientKey }: Client) => homes.devicesOf(clientKey).length > 0;
  const quotas = createQuotas({
    maxPerAddress: config.maxClientsPerAddress,
    maxPerToken: config.maxClientsPerToken,
    isHere(clientKey) {
      const client = clients.all.get(clientKey);
      return client !== undefined && (client.connection !== null || (holdsPlace(client) && !leases.hasLapsed(client)));
    },
  });
  const world = { clients: clients.all, clientAt: clients.at, onPut: devices.touch, lapsed: () => leases.lapsed(holdsPlace) };
  const homes = createHomes(ports, { ...world, onAssigned: (client) => lateness.assigned(client) }, ports.devices);
  const lateness: Lateness = createLateness(ports, homes, (client) => changed(members, client));
  const members = { ports, clients, devices, homes, lateness, leases, quotas, tally: createClientTally<Client>(), isStopped: false };
  for (const client of clients.all.values()) leases.watch(client);
  return members;
}

function hostOf(clients: ClientTable, device: JournalledDevice | null): Client | undefined {
  return device === null || device.clientKey === null ? undefined : clients.all.get(device.clientKey);
}

/** Whether a device of a client that rests may go to another one and lose nothing. */
function canLeave(homes: Homes, device: JournalledDevice): boolean {
  return homes.isMovable(device) && homes.movesFreely(device);
}

/** Something of a client's has changed that planning, dealing or a page may care about. */
function changed({ homes, devices, leases, tally, ports }: Members, client: Client): void {
  tally.look(client);
  homes.watch(client);
  leases.watch(client);
  for (const { deviceId } of homes.devicesOf(client.clientKey)) devices.touch(deviceId);
  ports.onChange();
}

function startGrace(members: Members, client: Client): void {
  const { clock, config } = members.ports;
  client.cancelGrace();
  if (members.isStopped) return; // clients whose sockets close after the end have nowhere to go
  client.cancelGrace = clock.after(config.graceMs, () => giveUp(members, client));
}

function giveUp(members: Members, client: Client): void {
  const { homes, lateness } = members;
  client.isGone = true;
  lateness.forget(client);
  for (const device of homes.devicesOf(client.clientKey)) homes.rehome(device);
  changed(members, client);
}

/** Nothing counts any more for a client that is not coming back. */
function forgetPlace({ leases, quotas }: Members, client: Client): void {
  leases.forget(client);
  quotas.forget(client.clientKey);
}

function withdraw(members: Members, client: Client, own: readonly JournalledDevice[]): void {
  const { ports, homes, clients, lateness } = members;
  client.cancelGrace();
  Object.assign(client, { connection: null, isGone: true, nickname: null });
  lateness.forget(client);
  forgetPlace(members, client);
  for (const device of own) homes.release(device);
  const others = homes.devicesOf(client.clientKey);
  for (const device of others) homes.save({ ...device, clientKey: null });
  homes.watch(client);
  // The devices of an expected client are counted by its number: it stays, under a key that says nothing of anybody.
  if (client.ordinal < (ports.config.expectedClients ?? 0)) {
    ports.saveClient({ clientKey: client.clientKey, ordinal: client.ordinal, nickname: null });
  } else {
    clients.remove(client);
    ports.removeClient(client.clientKey);
  }
  for (const { deviceId } of [...own, ...others]) {
    const device = homes.get(deviceId);
    if (device !== null && device.clientKey === null) homes.rehome(device);
  }
  ports.onChange();
}

function hello(members: Members, connection: Connection, request: Hello): ReturnType<Roster["hello"]> {
  const { ports, clients, homes, lateness, quotas } = members;
  const { config, runId, saveClient, removeClient } = ports;
  const onForgotten = (client: Client): void => forgetPlace(members, client);
  const { hostToken } = ports;
  const isTrusted = hostToken !== null && request.hostToken !== undefined && isSameSecret(request.hostToken, hostToken);
  if (hostToken !== null && request.hostToken !== undefined && !isTrusted)
    return refuse("P-126", "the host token is not this run's: take the one that the coordinator printed");
  const impostor = refuseImpostor(request, ports);
  if (impostor !== null) return impostor;
  const bits = ports.baseFor(request);
  if (bits !== null && typeof bits === "object") return bits;
  const client = admit(request, connection, { config, clients, homes, quotas, saveClient, removeClient, onForgotten });
  if ("refused" in client) return client;
  Object.assign(client, { bits, isTrusted, profile: request.profile ?? null, isForwardOnly: request.isForwardOnly === true });
  if (client.connection !== null && client.connection !== connection) client.connection.replaced();
  client.cancelGrace();
  Object.assign(client, { connection, isPaused: false, hasDeclined: false, isGone: false });
  if (!client.isLate) homes.deal(client);
  const claims = request.runId === undefined || request.runId === runId ? request.devices : [];
  const devices = homes.decide(client, claims);
  for (const { deviceId, decision } of devices) {
    const pending = decision === "keep" ? claims.find((claim) => claim.deviceId === deviceId)?.pending : null;
    if (pending != null) ports.onPending(pending, client);
  }
  lateness.watch(client);
  changed(members, client);
  return { client, devices };
}

/** Nobody says that it is a helper but the operator's own clients (P-192). */
function refuseImpostor({ helperToken }: Hello, { helperToken: expected }: RosterPorts): Refusal | null {
  if (helperToken === undefined) return null;
  if (expected === null) return refuse("P-192", "this run has no helper devices: leave helperToken out");
  return isSameSecret(helperToken, expected) ? null : refuse("P-192", "the helper token is not this run's");
}

/** What a client says with `register`. */
interface Registering {
  readonly registered: Registrations;
  readonly compute: Compute | null;
}

function register(members: Members, client: Client, { registered, compute }: Registering): ReturnType<Roster["register"]> {
  const { ports, homes, lateness } = members;
  const { leasedExamples } = ports;
  if (compute !== null) client.compute = compute;
  const dealtExamples = ({ share = null }: JournalledDevice, { hosting }: Client) =>
    share === null || hosting === "own" ? null : ports.shareSize(share);
  const { taken, refused } = judgeRegistrations(client, registered, { homes, leasedExamples, dealtExamples });
  const [first] = refused;
  if (taken.length === 0 && first !== undefined) return refuse(first.rule, first.message);
  client.hasDeclined = false;
  if (client.connection !== null) client.connection.isReady = true;
  for (const { deviceId, numExamples } of taken) {
    client.connection?.registered.add(deviceId);
    noteExamples(members, client, { deviceId, numExamples });
  }
  lateness.registered(client);
  changed(members, client);
  return { unregistered: refused };
}

/** A device's n_i as its host claims it, or as it was dealt; a task that is out for another number ends without a contribution. */
function noteExamples({ ports, homes }: Members, client: Client, { deviceId, numExamples }: Registrations[number]): void {
  const { clientKey } = client;
  const device = homes.get(deviceId);
  if (device === null) return;
  const leased = ports.leasedExamples(deviceId);
  if (leased !== null && leased !== numExamples && !isGrowing(device, client)) ports.onLost(deviceId);
  const isNew = device.numExamples !== numExamples || (device.claimedBy !== undefined && device.claimedBy !== clientKey);
  if (isNew) homes.save({ ...device, numExamples, claimedBy: clientKey });
}
