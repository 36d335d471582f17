import { createRandom } from "@tutti/core";
import { type Hello, protocolVersion } from "@tutti/protocol";
import { expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import { manualClock } from "../testing/manualClock.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { describeDevice } from "./deviceList.ts";
import type { Client, Connection } from "./members.ts";
import { createRoster } from "./roster.ts";

const capabilities = { backend: "auto", threads: 1, isSecureContext: true, userAgent: "test" } as const;
const helloOf = (index: number, hosting: Hello["hosting"]): Hello => ({
  ...{ protocolVersion, clientKey: `client-${String(index).padStart(12, "0")}`, hosting, devices: [], capabilities },
});

function connect(id: string): Connection {
  const nothing = () => undefined;
  return { id, isWelcomed: false, registered: new Set(), task: nothing, assign: nothing, moved: nothing, replaced: nothing };
}

/** A roster on which things happen in an order that follows from the seed; `check` looks at it after each. */
function happen(seed: number, rosterKind: "fixed" | "open", check: (roster: ReturnType<typeof createRoster>) => void): void {
  const run = tinyFedAvg({ roster: rosterKind, numDevices: 9, maxDevices: 14, minDevices: 3, cohortSize: 3 });
  const clock = manualClock();
  const { uniform, integer } = createRandom(seed).stream({ purpose: "events" });
  const busy = new Set<number>();
  const roster = createRoster({
    ...{ config: parseConfig({ run, graceMs: 1000, registerTimeoutMs: 700 }), runId: "test", clock, devices: [], clients: [] },
    saveDevice: () => undefined,
    saveClient: () => undefined,
    isOpenTask: () => false,
    leasedExamples: () => null,
    isBusy: (deviceId) => busy.has(deviceId),
    stateBlob: () => null,
    onLost: () => undefined,
    onReset: () => undefined,
    onChange: () => undefined,
    onLate: () => undefined,
  });
  const acts: ((client: Client) => void)[] = [
    (client) => roster.welcomed(client),
    (client) =>
      void roster.register(
        client,
        roster.hosting.devicesOf(client.clientKey).map(({ deviceId }) => ({ deviceId, numExamples: 5 })),
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
        const { hosting } = roster;
        const hostOf = (key: string | null) => (key === null ? undefined : (roster.client(key) ?? undefined));
        const fresh = hosting.devices().flatMap((device) => describeDevice(device, hostOf(device.clientKey), kind === "fixed") ?? []);
        expect(roster.list()).toEqual(fresh);
        expect(hosting.numRegistered).toBe(fresh.length);
        const hosted = [...roster.clients()].flatMap(({ clientKey }) => hosting.devicesOf(clientKey));
        expect(new Set(hosted.map(({ deviceId }) => deviceId)).size).toBe(hosted.length);
        const ofClients = hosting.devices().filter(({ clientKey }) => clientKey !== null);
        expect([...hosted].sort((a, b) => a.deviceId - b.deviceId)).toEqual(ofClients);
        if (kind === "open") expect(hosting.numDevices).toBeLessThanOrEqual(14);
      });
    }
  },
);
