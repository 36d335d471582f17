import { expect, test, vi } from "vitest";
import WebSocket from "ws";
import { maxPacketText, withEventName } from "./packets.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";
import { tunedParameters } from "./tuned.ts";

const scene = createScene();

test("an event whose name is no string is answered under P-4, whatever it is instead, and nobody is disconnected", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  const named = (name: unknown): Promise<unknown> => Reflect.apply(a.socket.timeout(2000).emitWithAck, a.socket.timeout(2000), [name, {}]);
  for (const [name, shown] of [
    [5, "number 5"],
    [-0.5, "number -0.5"],
    [{ name: "leave" }, '"object instead of a name"'],
    [["leave"], '"object instead of a name"'],
    [null, '"null instead of a name"'],
    [true, '"boolean instead of a name"'],
    [Buffer.from("leave"), '"object instead of a name"'],
  ] as const) {
    expect(await named(name)).toEqual({ ok: false, rule: "P-4", message: `call ${shown} is not served here` });
  }
  for (const reserved of ["connect", "disconnect", "newListener", "error", String.raw`\u0064isconnect`]) {
    const answered = new Promise((resolve) => {
      a.socket.io.engine.once("message", resolve);
    });
    a.socket.io.engine.write(`277["${reserved}",{}]`);
    expect(await answered).toMatch(/^377\[\{"ok":false,"rule":"P-4"/);
  }
  expect(a.events.some(({ kind }) => kind === "disconnected")).toBe(false);
  expect(coordinator.status().numConnected).toBe(1);
});

test("packets that are named, and those that are no events, stay as they are", () => {
  const same = [
    '2["submit",{"a":["disconnect"]}]',
    '213["pause",{"isPaused":true}]',
    '2/admin,7["leave"]',
    '51-4["submit",{"tensors":{"_placeholder":true,"num":0}}]',
    "2[7,{}]",
    '2["connected",1]',
    String.raw`27["\u006ceave",{}]`,
    '0{"token":"x"}',
    "1",
    '35[{"ok":true}]',
    "2[",
    "2{}",
    "",
  ];
  for (const packet of same) expect(withEventName(packet)).toBe(packet);
  expect(withEventName("29[]")).toBe('29["undefined instead of a name"]');
  expect(withEventName('2/admin,7[ "disconnect" , 1]')).toBe('2/admin,7["disconnect (reserved)"]');
  expect(withEventName('51-4[{"_placeholder":true,"num":0},{}]')).toBe('51-4["object instead of a name"]');
  expect(withEventName(String.raw`27["\u0064isconnect",{}]`)).toBe('27["disconnect (reserved)"]');
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  expect(withEventName(`27[true,${deep}]`)).toBe('27["boolean instead of a name"]');
});

/** A bare websocket, and the packets that it got. */
async function bareSocket(url: string): Promise<{ socket: WebSocket; packets: string[] }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  const packets: string[] = [];
  socket.on("message", (packet) => packets.push(String(packet)));
  await new Promise((resolve) => socket.once("open", resolve));
  return { socket, packets };
}

test("P-2 a connection that joins hundreds of times at once is one socket and gets one status, and is closed", async () => {
  const coordinator = await scene.start(tinyFedAvg());
  const { socket, packets } = await bareSocket(coordinator.url);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (let i = 0; i < 300; i++) socket.send("40");
  await closed;
  expect(packets.filter((packet) => packet.startsWith("40")).length).toBeLessThanOrEqual(1);
  expect(packets.filter((packet) => packet.startsWith('42["status"')).length).toBeLessThanOrEqual(1);
});

test("P-55 a text that would become millions of values is refused unread, also where submissions may be large", async () => {
  const run = tinyFedAvg();
  const tuned = tunedParameters(run, { numLayers: 24, hiddenSize: 4096, keyValueWidth: 8192 }, 3);
  const coordinator = await scene.start(run, {}, { tuned });
  const { socket, packets } = await bareSocket(coordinator.url);
  socket.send("40");
  const before = process.memoryUsage().heapUsed;
  socket.send(`427["hello",[${"[],".repeat(700_000)}[]]]`);
  await vi.waitFor(
    () => expect(packets.at(-1)).toMatch(/^437\[\{"ok":false,"rule":"P-4","message":"call \\"of 2100\d+ characters, at most 2000000/),
    { timeout: 10_000 },
  );
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
  socket.send(`428["hello",[${"0,".repeat(maxPacketText / 2 - 20)}0]]`);
  await vi.waitFor(() => expect(packets.at(-1)).toMatch(/^438\[\{"ok":false,"rule":"P-/), { timeout: 10_000 });
  socket.close();
});
