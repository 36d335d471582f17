import { createRandom, shareOf } from "@tutti/core";
import { type Hello, limits, protocolVersion } from "@tutti/protocol";
import { expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";
import { manualClock } from "../testing/manualClock.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { describeDevice } from "./deviceList.ts";
import type { Client, Connection } from "./members.ts";
import { createRoster } from "./roster.ts";

const capabilities = { backend: "auto", threads: 1, isSecureContext: true, userAgent: "test" } as const;
const helloOf = (index: number, hosting: Hello["hosting"]): Hello => ({
  protocolVersion,
  clientKey: `client-${String(index).padStart(12, "0")}`,
  audience: "test",
  proof: "",
  hosting,
  devices: [],
  capabilities,
});

function connect(id: string): Connection {
  const nothing = () => undefined;
  return {
    id,
    isWelcomed: false,
    isReady: false,
    registered: new Set(),
    task: nothing,
    assign: nothing,
    moved: nothing,
    replaced: nothing,
    removed: nothing,
  };
}

/** What a roster needs when nothing beside it matters. */
const alone = {
  runId: "test",
  devices: [],
  clients: [],
  saveDevice: () => undefined,
  saveClient: () => undefined,
  removeClient: () => undefined,
  isOpenTask: () => false,
  leasedExamples: () => null,
  isBusy: () => false,
  stateBlob: () => null,
  onLost: () => undefined,
  onReset: () => undefined,
  onChange: () => undefined,
  onPending: () => undefined,
  shareSize: () => null,
  hostToken: null,
  helperToken: null,
  dropState: () => undefined,
  baseFor: () => null,
  onLate: () => undefined,
};

/** A roster on which things happen in an order that follows from the seed; `check` looks at it after each. */
function happen(seed: number, rosterKind: "fixed" | "open", check: (roster: ReturnType<typeof createRoster>) => void): void {
  const run = tinyFedAvg({ roster: rosterKind, numDevices: 9, maxDevices: 14, minDevices: 3, cohortSize: 3 });
  const clock = manualClock();
  const { uniform, integer } = createRandom(seed).stream({ purpose: "events" });
  const busy = new Set<number>();
  const roster = createRoster({
    ...alone,
    config: parseConfig({ run, graceMs: 1000, registerTimeoutMs: 700 }),
    clock,
    isBusy: (deviceId) => busy.has(deviceId),
  });
  const acts: ((client: Client) => void)[] = [
    (client) => roster.welcomed(client),
    (client) =>
      void roster.register(
        client,
        roster.homes.devicesOf(client.clientKey).map(({ deviceId }) => ({ deviceId, numExamples: 5 })),
        null,
      ),
    (client) => roster.pause(client, uniform() < 0.5),
    (client) => roster.decline(client),
    (client) => roster.leave(client),
    (client) => client.connection !== null && roster.disconnected(client, client.connection),
    (client) => roster.showsLife(client),
    () => roster.settled(integer(9)),
    () => clock.advance(integer(900)),
    () => busy.clear(),
    () => void busy.add(integer(9)),
  ];
  for (let step = 0; step < 300; step++) {
    const known = [...roster.clients()];
    const client = known[integer(Math.max(1, known.length))];
    const act = acts[integer(acts.length)];
    if (uniform() < 0.3 || client === undefined)
      roster.hello(connect(String(step)), helloOf(integer(6), rosterKind === "open" && uniform() < 0.4 ? "own" : "virtual"));
    else act?.(client);
    check(roster);
  }
  roster.stop();
}

test.each(["fixed", "open"] as const)(
  "whatever happens in a roster (%s), its list is what a look at every device gives, and each lives in one place",
  (kind) => {
    for (let seed = 0; seed < 8; seed++) {
      happen(seed, kind, (roster) => {
        const { homes } = roster;
        const hostOf = (key: string | null) => (key === null ? undefined : (roster.client(key) ?? undefined));
        const fresh = homes.devices().flatMap((device) => describeDevice(device, hostOf(device.clientKey), kind === "fixed") ?? []);
        expect(roster.list()).toEqual(fresh);
        expect(homes.numRegistered).toBe(fresh.length);
        const hosted = [...roster.clients()].flatMap(({ clientKey }) => homes.devicesOf(clientKey));
        expect(new Set(hosted.map(({ deviceId }) => deviceId)).size).toBe(hosted.length);
        const ofClients = homes.devices().filter(({ clientKey }) => clientKey !== null);
        expect([...hosted].sort((a, b) => a.deviceId - b.deviceId)).toEqual(ofClients);
        if (kind === "open") expect(homes.numDevices).toBeLessThanOrEqual(14);
      });
    }
  },
);

test.each(["open", "fixed"] as const)(
  "strangers that come and leave under ever new keys keep nobody out of a roster (%s) (P-13)",
  (kind) => {
    const isOpen = kind === "open";
    const run = tinyFedAvg({ roster: kind, numDevices: 4, maxDevices: 4, minDevices: 1, cohortSize: 1 });
    const clients = new Map<string, number>();
    const roster = createRoster({
      ...alone,
      config: parseConfig({ run, expectedClients: isOpen ? null : 2 }),
      clock: manualClock(),
      saveClient: ({ clientKey, ordinal }) => clients.set(clientKey, ordinal),
      removeClient: (clientKey) => clients.delete(clientKey),
    });
    const greet = (index: number) => {
      const outcome = roster.hello(connect(String(index)), helloOf(index, "virtual"));
      if ("refused" in outcome) throw new Error(outcome.message);
      roster.welcomed(outcome.client);
      return outcome;
    };
    const registered = greet(0);
    const first = registered.devices.map(({ deviceId }) => ({ deviceId, numExamples: 5 }));
    expect(roster.register(registered.client, first, null)).toEqual({ unregistered: [] });
    for (let index = 1; index <= limits.maxClients + 100; index++) roster.leave(greet(index).client);
    const { client, devices } = greet(2 * limits.maxClients);
    expect(devices.length).toBe(isOpen ? 1 : 0);
    expect(clients.size).toBeLessThanOrEqual(limits.maxClients);
    expect(new Set(clients.values()).size).toBe(clients.size);
    expect([...roster.clients()].map(({ clientKey, ordinal }) => [clientKey, ordinal])).toEqual([...clients]);
    // Who has been of use is known for good, and so is an expected client, by whose number devices are dealt.
    expect(roster.client(helloOf(1, "virtual").clientKey)?.ordinal).toBe(isOpen ? undefined : 1);
    expect(roster.client(registered.client.clientKey)?.ordinal).toBe(0);
    expect(roster.client(client.clientKey)).toBe(client);
  },
);

test("a device that is registered twice in one message, with two numbers of examples, is refused (P-14)", () => {
  const run = tinyFedAvg({ roster: "open" });
  const roster = createRoster({ ...alone, config: parseConfig({ run }), clock: manualClock() });
  const outcome = roster.hello(connect("a"), helloOf(0, "virtual"));
  if ("refused" in outcome) throw new Error(outcome.message);
  const register = (...counts: number[]) =>
    roster.register(
      outcome.client,
      counts.map((numExamples) => ({ deviceId: 0, numExamples })),
      null,
    );
  expect(register(5, 6)).toEqual({ refused: "P-14", message: "device 0: numExamples is both 5 and 6" });
  expect(roster.homes.numRegistered).toBe(0);
  expect(register(6, 6)).toEqual({ unregistered: [] });
});

test("after a restart, devices of an open roster hold the shares that they held before their clients are back (P-15)", () => {
  const run = tinyFedAvg({ roster: "open", numDevices: 2 });
  const devices: JournalledDevice[] = [];
  const clients: JournalledClient[] = [];
  const config = parseConfig({ run });
  const before = createRoster({
    ...alone,
    config,
    clock: manualClock(),
    saveDevice: (device) => (devices[device.deviceId] = device),
    saveClient: (client) => clients.push(client),
  });
  for (const [index, hosting] of (["virtual", "virtual", "virtual", "own"] as const).entries()) {
    const outcome = before.hello(connect(String(index)), helloOf(index, hosting));
    if ("refused" in outcome) throw new Error(outcome.message);
    before.register(outcome.client, [{ deviceId: index, numExamples: 5 }], null);
  }
  const held = before.list().map(({ share }) => share);
  expect(held).toEqual([0, 1, shareOf(2, 2, createRandom(run.seed)), undefined]);
  const after = createRoster({ ...alone, config, clock: manualClock(), devices, clients });
  expect(after.list().map(({ share, isConnected }) => ({ share, isConnected }))).toEqual(
    held.map((share) => ({ share, isConnected: false })),
  );
});
