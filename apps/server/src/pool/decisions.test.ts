import { expect, test } from "vitest";
import { chooseHost, dealToNewcomer, type Guests } from "./dealing.ts";
import { decideVersion } from "./versions.ts";

const guest = (deviceId: number, clientKey: string | null, canMove = true, isOrphan = false) => ({
  deviceId,
  clientKey,
  canMove,
  isOrphan,
});
const guestsOf = (guests: readonly ReturnType<typeof guest>[]): Guests => ({
  free: guests.filter(({ clientKey }) => clientKey === null),
  count: guests.length,
  movableOf: (key) => guests.flatMap(({ deviceId, clientKey, canMove }) => (clientKey === key && canMove ? [deviceId] : [])),
});
const free = { expectedClients: null, maxPerClient: null };

test("a client's state is kept, promoted, dropped or reset by what was accepted last (P-20 to P-23)", () => {
  const isOpen = (taskId: string) => taskId === "open";
  expect(decideVersion({ version: "t1", pending: null }, "t1", isOpen)).toBe("keep");
  expect(decideVersion({ version: null, pending: null }, null, isOpen)).toBe("keep");
  expect(decideVersion({ version: "t1", pending: "open" }, "t1", isOpen)).toBe("keep");
  expect(decideVersion({ version: "t1", pending: "t2" }, "t2", isOpen)).toBe("promote");
  expect(decideVersion({ version: "t1", pending: "closed" }, "t1", isOpen)).toBe("drop");
  expect(decideVersion({ version: "t0", pending: null }, "t1", isOpen)).toBe("reset");
  expect(decideVersion({ version: null, pending: "t0" }, "t1", isOpen)).toBe("reset");
  expect(decideVersion({ version: "t1", pending: null }, null, isOpen)).toBe("reset");
});

test("expected clients get device i by i mod their number, later ones only what has lost its home", () => {
  const rules = { expectedClients: 3, maxPerClient: null };
  const guests = [0, 1, 2, 3, 4, 5, 6].map((id) => guest(id, null));
  expect(dealToNewcomer({ key: "b", ordinal: 1, numDevices: 0 }, guestsOf(guests), [], rules)).toEqual([1, 4]);
  expect(
    dealToNewcomer({ key: "d", ordinal: 3, numDevices: 0 }, guestsOf([guest(0, "a"), guest(1, null), guest(2, "c")]), [], rules),
  ).toEqual([1]);
  expect(
    dealToNewcomer({ key: "b", ordinal: 1, numDevices: 2 }, guestsOf([guest(0, null, true, true), guest(2, null)]), [], rules),
  ).toEqual([0]);
});

test("a newcomer gets its even share: homeless devices first, then some of whoever has most, never a busy one", () => {
  const newcomer = { key: "n", ordinal: 2, numDevices: 0 };
  const hosts = [
    { key: "a", ordinal: 0, numDevices: 5 },
    { key: "b", ordinal: 1, numDevices: 1 },
  ];
  const guests = [guest(0, "a"), guest(1, "a"), guest(2, "a"), guest(3, "a", false), guest(4, "a"), guest(5, "b")];
  expect(dealToNewcomer(newcomer, guestsOf(guests), hosts, free)).toEqual([2, 4]);
  expect(dealToNewcomer(newcomer, guestsOf([...guests, guest(6, null)]), hosts, free)).toEqual([2, 4, 6]);
  expect(dealToNewcomer(newcomer, guestsOf(guests), hosts, { ...free, maxPerClient: 1 })).toEqual([4]);
});

test("a homeless device goes to whoever has fewest, and of those to the one that came first", () => {
  const hosts = [
    { key: "a", ordinal: 0, numDevices: 3 },
    { key: "c", ordinal: 2, numDevices: 1 },
    { key: "b", ordinal: 1, numDevices: 1 },
  ];
  expect(chooseHost(hosts, free)).toBe("b");
  expect(chooseHost(hosts, { ...free, maxPerClient: 1 })).toBeNull();
  expect(chooseHost([], free)).toBeNull();
});
