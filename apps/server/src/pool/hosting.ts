import type { DeviceId } from "@tutti/core";
import type { BlobRef, DeviceDecision, Hello } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledDevice } from "../journal/journal.ts";
import { chooseHost, dealToNewcomer, type Guest, type Host } from "./dealing.ts";
import { type Client, type Connection, canMoveDevices, freshDevice, isAround, works } from "./members.ts";
import { decideVersion } from "./versions.ts";

/** What hosting needs of the pool. */
export interface HostingPorts {
  readonly config: CoordinatorConfig;
  saveDevice(device: JournalledDevice): void;
  /** Whether a task of the open step can still be submitted. */
  isOpenTask(taskId: string): boolean;
  /** Whether a device has a task out. */
  isBusy(deviceId: DeviceId): boolean;
  /** Where a kept device state can be fetched. */
  stateBlob(sha256: string): BlobRef | null;
  /** A device is given up, and nobody takes it. */
  onLost(deviceId: DeviceId): void;
  /** A device starts afresh: its private state is lost. */
  onReset(deviceId: DeviceId): void;
}

/** Which client hosts which device, and what the devices start from there. */
export interface Hosting {
  /** In order of their ids. */
  devices(): readonly JournalledDevice[];
  get(deviceId: DeviceId): JournalledDevice | null;
  devicesOf(clientKey: string): readonly JournalledDevice[];
  /** Replaces a device's record, without journalling it. */
  update(device: JournalledDevice): void;
  save(device: JournalledDevice): void;
  isMovable(device: JournalledDevice): boolean;
  /** Gives a client that says hello the devices that are free for it. */
  deal(client: Client): void;
  /** What a client does with each of its devices, given what it says of them. */
  decide(client: Client, claims: Hello["devices"]): readonly DeviceDecision[];
  /** Moves a device to another client, or lets it go homeless. */
  rehome(device: JournalledDevice): void;
}

/** Hosting that goes on from what was journalled. */
export function createHosting(ports: HostingPorts, clients: ReadonlyMap<string, Client>, known: readonly JournalledDevice[]): Hosting {
  const { config } = ports;
  const isFixed = config.run.roster === "fixed";
  const canMove = canMoveDevices(config);
  const devices = new Map<DeviceId, JournalledDevice>();
  const assignments = new Map<Connection, readonly DeviceDecision[]>();
  const journalled = new Map(known.map((device) => [device.deviceId, device]));
  const numKnown = Math.max(isFixed ? config.run.numDevices : 0, ...known.map((device) => device.deviceId + 1));
  for (let id = 0; id < numKnown; id++) devices.set(id, journalled.get(id) ?? freshDevice(id));

  // Ids are given in order: so is the map.
  const inOrder = () => [...devices.values()];
  const devicesOf = (key: string) => inOrder().filter((device) => device.clientKey === key);
  const hostOf = ({ clientKey }: JournalledDevice) => (clientKey === null ? undefined : clients.get(clientKey));

  /** A device that was never registered loses nothing when it moves; the others need their state kept here. */
  const isMovable = (device: JournalledDevice) => isFixed && (canMove || device.numExamples === null);

  function hosts(isAble: (client: Client) => boolean): Host[] {
    const able = [...clients.values()].filter((client) => isAble(client) && client.hosting === "virtual");
    return able.map(({ clientKey, ordinal }) => ({ key: clientKey, ordinal, numDevices: devicesOf(clientKey).length }));
  }

  function save(device: JournalledDevice): void {
    devices.set(device.deviceId, device);
    ports.saveDevice(device);
  }

  /** The device lives there from now on; where it lived before, it must be registered again before it gets a task. */
  function settle(device: JournalledDevice, clientKey: string): JournalledDevice {
    const before = hostOf(device);
    before?.connection?.registered.delete(device.deviceId);
    if (before?.connection?.isWelcomed === true && before.clientKey !== clientKey) before.connection.moved([device.deviceId]);
    const settled = { ...device, clientKey };
    save(settled);
    return settled;
  }

  function moveTo(device: JournalledDevice, key: string): void {
    const moved = settle(device, key);
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
    if (version === null) return { deviceId, decision: "new" };
    if (state !== null) return { deviceId, decision: "new", state, version };
    // Where states are kept, a device whose last training contribution carried none had none to lose.
    const isLost = !canMove || stateSha256 !== null;
    save({ ...device, version: null, versionSha256: null, stateSha256: null, wasReset: device.wasReset || isLost });
    if (isLost) ports.onReset(deviceId);
    return { deviceId, decision: isLost ? "reset" : "new" };
  }

  function decideOne(device: JournalledDevice, claims: Hello["devices"]): DeviceDecision {
    const claim = claims.find((candidate) => candidate.deviceId === device.deviceId);
    if (claim === undefined) return handOver(device);
    const decision = decideVersion(claim, device.version, ports.isOpenTask);
    return decision === "reset" ? handOver(device) : { deviceId: device.deviceId, decision };
  }

  function guests(): Guest[] {
    const byOrdinal = new Map([...clients.values()].map((client) => [client.ordinal, client]));
    return inOrder().flatMap((device): Guest[] => {
      const host = hostOf(device);
      const canMoveNow = isMovable(device) && !ports.isBusy(device.deviceId);
      const isHosted = host !== undefined && !host.isGone && !((host.isPaused || host.hasDeclined) && canMoveNow);
      if (!isHosted && !isMovable(device)) return [];
      const isOrphan = config.expectedClients !== null && byOrdinal.get(device.deviceId % config.expectedClients)?.isGone === true;
      return [{ deviceId: device.deviceId, clientKey: isHosted ? host.clientKey : null, canMove: canMoveNow, isOrphan }];
    });
  }

  function dealFixed({ clientKey, ordinal }: Client): void {
    const newcomer = { key: clientKey, ordinal, numDevices: devicesOf(clientKey).length };
    for (const id of dealToNewcomer(newcomer, guests(), hosts(isAround), config)) settle(devices.get(id) ?? freshDevice(id), clientKey);
  }

  function dealOpen({ clientKey, hosting }: Client): void {
    const numWanted = (hosting === "own" ? 1 : (config.maxPerClient ?? 1)) - devicesOf(clientKey).length;
    for (let i = 0; i < numWanted && devices.size < config.run.numDevices; i++) save({ ...freshDevice(devices.size), clientKey });
  }

  return {
    devices: inOrder,
    get: (deviceId) => devices.get(deviceId) ?? null,
    devicesOf,
    update: (device) => void devices.set(device.deviceId, device),
    save,
    isMovable,
    deal: isFixed ? dealFixed : dealOpen,
    decide: (client, claims) => devicesOf(client.clientKey).map((device) => decideOne(device, claims)),
    rehome(device) {
      const host = isMovable(device) ? chooseHost(hosts(works), config) : null;
      if (host !== null) {
        moveTo(device, host);
        return;
      }
      if (isMovable(device) && hostOf(device)?.isGone !== false) save({ ...device, clientKey: null });
      ports.onLost(device.deviceId);
    },
  };
}
