import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientIdentity } from "@tutti/protocol";
import { afterAll, expect, test } from "vitest";
import { joinRun, type NodeJoinOptions } from "./nodeJoin.ts";
import { fakeTrainer } from "./testing/fakeTrainer.ts";
import { coordinate, globalParams } from "./testing/joining.ts";
import { leaseOf, type ScriptedCoordinator } from "./testing/scriptedCoordinator.ts";

const place = mkdtempSync(join(tmpdir(), "tutti-node-"));

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Joins, performs one task where one is given, and leaves; answers the key that the coordinator heard. */
async function takePart(coordinator: ScriptedCoordinator, options: Partial<NodeJoinOptions>, isTasked = false): Promise<string> {
  const session = joinRun({ url: coordinator.url, trainer: fakeTrainer(), backend: "cpu", ...options });
  const { clientKey } = await coordinator.heard("hello");
  await coordinator.heard("register");
  if (isTasked) {
    await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
    await coordinator.heard("submit");
  }
  await session.leave();
  expect(await session.whenEnded).toEqual({ reason: "left" });
  return clientKey;
}

test("a client in a folder comes back under its key and with its devices", async () => {
  const coordinator = await coordinate();
  const folder = join(place, "kept");
  const first = await takePart(coordinator, { folder }, true);
  const session = joinRun({ url: coordinator.url, trainer: fakeTrainer(), backend: "cpu", folder });
  expect(await coordinator.heard("hello")).toMatchObject({ clientKey: first, devices: [{ deviceId: 3 }] });
  await session.leave();
  expect(statSync(join(folder, "client.key")).mode & 0o077).toBe(0);
});

test("a key that is given wins over the folder's, and its devices lie in the folder under it", async () => {
  const coordinator = await coordinate();
  const folder = join(place, "given");
  const clientKey = "client-key-0123456789";
  expect(await takePart(coordinator, { folder, clientKey }, true)).toBe(clientIdentity(clientKey).clientKey);
  expect(readdirSync(folder)).toEqual([clientKey]);
});

test("without a folder every session is another client", async () => {
  const coordinator = await coordinate();
  const keys = [await takePart(coordinator, {}), await takePart(coordinator, {})];
  expect(new Set(keys).size).toBe(2);
});

test("a key that cannot be one is named with its file", () => {
  writeFileSync(join(place, "client.key"), "short");
  expect(() => joinRun({ url: "http://127.0.0.1:1", trainer: fakeTrainer(), folder: place })).toThrow(
    `${join(place, "client.key")}: expected a client's key of 16 to 64 letters`,
  );
});
