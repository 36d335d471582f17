import { type Hello, protocolVersion } from "@tutti/protocol";
import { expect, test } from "vitest";
import { newClient, provenHello } from "../testing/keptClient.ts";
import type { ProtocolClient } from "../testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";

const scene = createScene();

/** A socket that has said nothing yet of its own: a client of the scene greets on it, and the test says more. */
async function watching(coordinator: WatchedCoordinator, name: string): Promise<ProtocolClient> {
  const client = scene.join(coordinator, name, { onTask: () => false });
  await client.when("welcome");
  return client;
}

const hosting = { hosting: "virtual", devices: [] } as const;

test("P-100 who has overheard a client's hello cannot speak for it on a connection of its own", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 2 });
  const victim = await watching(coordinator, "victim");
  const thief = scene.join(coordinator, "thief", {
    hello: () => provenHello(victim.kept, { socket: victim.socket, url: coordinator.url }),
  });
  expect(await thief.when("refused")).toMatchObject({ rule: "P-100" });
  expect(victim.events.some(({ kind }) => kind === "replaced")).toBe(false);
  expect(coordinator.status().numConnected).toBe(1);
});

test("P-100 another coordinator to which a client proves its key cannot pass the proof on", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 2 });
  const victim = newClient("victim");
  const relay = scene.join(coordinator, "relay", {
    hello: (socket) => provenHello(victim, { socket, url: "http://elsewhere.test:8080" }),
  });
  expect(await relay.when("refused")).toMatchObject({
    rule: "P-100",
    message: expect.stringContaining('the proof is for "elsewhere.test:8080", which is not an address of this coordinator'),
  });
});

test("P-100 a key without a proof, with another key's, or with no point of the curve for a key is refused", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 2 });
  const client = await watching(coordinator, "a");
  const own = provenHello(client.kept, { socket: client.socket, url: coordinator.url });
  const other = provenHello(newClient("b"), { socket: client.socket, url: coordinator.url });
  const bad: [Partial<Hello>, rule: string][] = [
    [{ proof: other.proof }, "P-100"],
    [{ proof: "A".repeat(86) }, "P-100"],
    [{ proof: "" }, "P-3"],
    [{ clientKey: "client-a--------" }, "P-3"],
  ];
  for (const [change, rule] of bad) {
    const said = { ...own, ...hosting, ...change, protocolVersion } as const;
    expect(await client.call("hello", said), JSON.stringify(change)).toMatchObject({ ok: false, rule });
  }
  const weak = scene.join(coordinator, "weak", {
    hello: () => ({ ...own, clientKey: `id-${Buffer.alloc(32, 0xff).toString("base64url")}`, proof: "A".repeat(86) }),
  });
  expect(await weak.when("refused")).toMatchObject({ rule: "P-100" });
  expect(await client.call("hello", { ...own, ...hosting })).toMatchObject({ ok: true });
});
