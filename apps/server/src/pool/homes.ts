import type { DeviceId } from "@tutti/core";
import type { DeviceDecision, Hello } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledDevice } from "../journal/journal.ts";
import { createDeals } from "./deals.ts";
import { createDeciding } from "./deciding.ts";
import { createDeviceIndex } from "./deviceIndex.ts";
import type { HomesPorts, HomesWorld, ResetReason } from "./homesPorts.ts";
import { type Client, canMoveDevices, freshDevice, released, withoutState } from "./members.ts";
import { createMoves } from "./moving.ts";

/** Which client hosts which device, and what the devices start from there. */
export interface Homes {
  /** In order of their ids. */
  devices(): readonly JournalledDevice[];
  readonly numDevices: number;
  readonly numRegistered: number;
  /** Devices that live with a client and are still to be registered. */
  readonly numArriving: number;
  get(deviceId: DeviceId): JournalledDevice | null;
  devicesOf(clientKey: string): readonly JournalledDevice[];
  /** Replaces a device's record, without journalling it. */
  update(device: JournalledDevice): void;
  save(device: JournalledDevice): void;
  isMovable(device: JournalledDevice): boolean;
  /** Whether a device loses nothing where it moves to a client that is not trusted with states (P-126). */
  movesFreely(device: JournalledDevice): boolean;
  /** Its client took everything back: nothing is known of the device any more but its share (P-127). */
  release(device: JournalledDevice): void;
  /** The device's state is gone, wherever it was: it starts again. */
  reset(device: JournalledDevice, why: ResetReason): void;
  /** Whether an open roster can take one more client. */
  hasRoom(): boolean;
  /** Remembers whether a client has devices that are free for others. */
  watch(client: Client): void;
  /** Gives a client that says hello the devices that are free for it. */
  deal(client: Client): void;
  /** Gives a client that was late what it may have now that it is ready. */
  dealAgain(client: Client): void;
  /** What a client does with each of its devices, given what it says of them. */
  decide(client: Client, claims: Hello["devices"]): readonly DeviceDecision[];
  /** Moves a device to this client. */
  moveTo(device: JournalledDevice, client: Client): void;
  /** Moves a device to another client, or lets it go homeless. */
  rehome(device: JournalledDevice): void;
  /** A client can host from now on: it, or another one, takes what nobody could take when it was given up. */
  rehomeHomeless(): void;
}

/** Homes that go on from what was journalled. */
export function createHomes(ports: HomesPorts, world: HomesWorld, known: readonly JournalledDevice[]): Homes {
  const { config } = ports;
  const isFixed = config.run.roster === "fixed";
  const canMove = canMoveDevices(config);
  const index = createDeviceIndex(startDevices(known, config.run), world.onPut);
  /** Clients with devices that others may have. */
  const forsaking = new Set<Client>();
  const hostOf = ({ clientKey }: JournalledDevice) => (clientKey === null ? undefined : world.clients.get(clientKey));
  /** A device that was never registered loses nothing when it moves; the others need their state kept here. */
  const isMovable = (device: JournalledDevice) => device.numExamples === null || (isFixed && canMove);
  const movesFreely = ({ version }: JournalledDevice) => config.stateHosts === "anyone" || version === null;
  const deciding = createDeciding(ports, index, save);
  const deals = createDeals({ index, forsaking, isMovable, movesFreely, hostOf, world, ports, nextShare: deciding.nextShare });

  const { settle, moveTo, rehome, rehomeHomeless } = createMoves({ ports, world, index, deciding, deals, hostOf, isMovable, save });

  function save(device: JournalledDevice): void {
    index.put(device);
    ports.saveDevice(device);
  }

  return {
    devices: index.all,
    get numDevices() {
      return index.size;
    },
    get numRegistered() {
      return index.numRegistered;
    },
    get numArriving() {
      return index.numArriving;
    },
    get: index.get,
    devicesOf: index.of,
    update: index.put,
    save,
    isMovable,
    movesFreely,
    release(device) {
      const connection = hostOf(device)?.connection ?? null;
      connection?.registered.delete(device.deviceId);
      if (connection?.isWelcomed === true) connection.moved([device.deviceId]);
      ports.dropState(device.deviceId);
      save(released(device, isFixed));
      ports.onReset(device.deviceId, "withdrawn");
    },
    reset(device, why) {
      ports.dropState(device.deviceId);
      save({ ...withoutState(device), wasReset: true });
      ports.onReset(device.deviceId, why);
    },
    hasRoom: deals.hasRoom,
    watch(client) {
      const isForsaking = client.isGone || client.isPaused || client.hasDeclined || client.isLate;
      // A registered device of an open roster waits for its client, whoever else comes.
      const isOfUse = (device: JournalledDevice) => isFixed || isMovable(device);
      if (isForsaking && index.of(client.clientKey).some(isOfUse)) forsaking.add(client);
      else forsaking.delete(client);
    },
    deal(client) {
      for (const device of deals.devicesFor(client, false)) settle(device, client.clientKey);
    },
    dealAgain(client) {
      for (const device of deals.devicesFor(client, true)) moveTo(device, client);
    },
    decide: deciding.decide,
    moveTo,
    rehome,
    rehomeHomeless,
  };
}

/** The devices that a run has when its coordinator starts. Journals from before there was a choice hold no shares: device i had share i. */
function startDevices(known: readonly JournalledDevice[], { roster, numDevices }: CoordinatorConfig["run"]): JournalledDevice[] {
  const journalled = new Map(known.map((device) => [device.deviceId, device]));
  const numKnown = Math.max(roster === "fixed" ? numDevices : 0, ...known.map((device) => device.deviceId + 1));
  return Array.from({ length: numKnown }, (_, id) => {
    const device = journalled.get(id) ?? freshDevice(id, id);
    const { share = id, stateBy = device.clientKey } = device; // whoever hosted it last is taken to have computed its state
    return { ...device, share, stateBy };
  });
}
