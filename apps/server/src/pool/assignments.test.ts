import type { DeviceDecision } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createAssignments } from "./assignments.ts";
import type { Client, Connection } from "./members.ts";

const isNew = (deviceId: number): DeviceDecision => ({ deviceId, decision: "new" });

function connect(): { readonly connection: Connection; readonly told: number[][] } {
  const told: number[][] = [];
  const nothing = () => undefined;
  const connection: Connection = {
    id: "a",
    isWelcomed: true,
    isReady: true,
    registered: new Set(),
    task: nothing,
    moved: nothing,
    removed: () => undefined,
    replaced: nothing,
    assign: (devices) => told.push(devices.map(({ deviceId }) => deviceId)),
  };
  return { connection, told };
}

test("devices that move together are assigned in one message, without those that have moved on before it leaves", async () => {
  const { connection, told } = connect();
  const client = { clientKey: "first" } as Client;
  const homes = new Map([3, 4, 7].map((deviceId) => [deviceId, "first"]));
  const assignments = createAssignments(({ clientKey }, deviceId) => homes.get(deviceId) === clientKey);
  for (const deviceId of [3, 4, 7]) assignments.add(client, connection, isNew(deviceId));
  homes.set(4, "second");
  await Promise.resolve();
  expect(told).toEqual([[3, 7]]);
  homes.set(3, "second");
  assignments.add(client, connection, isNew(3));
  await Promise.resolve();
  expect(told).toEqual([[3, 7]]);
});
