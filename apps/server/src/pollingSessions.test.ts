import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { expect, test, vi } from "vitest";
import { boundPolling } from "./pollingSessions.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

test("P-2 one connection cannot begin sessions without end by polling, and websockets still come in", async () => {
  const http = createServer();
  const server = new Server(http);
  boundPolling(server.engine, 5);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const begin = async () => {
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    return { status: response.status, text: await response.text() };
  };
  const first = await Promise.all(Array.from({ length: 5 }, begin));
  expect(first.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const text = '{"ok":false,"rule":"P-2","message":"5 sessions poll already: come over a websocket, or later"}';
  expect(await begin()).toEqual({ status: 503, text });
  const socket = io(url, { transports: ["websocket"] });
  await new Promise((resolve) => socket.once("connect", () => resolve(null)));
  // a session that ends makes room
  const { sid } = JSON.parse(first[0]?.text.slice(1) ?? "{}") as { sid: string };
  await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: "POST", body: "1" });
  await vi.waitFor(async () => expect((await begin()).status).toBe(200));
  socket.disconnect();
  await server.close();
});

test("a session that begins by polling and goes on as a websocket makes room for another, and answers are never scripts", async () => {
  const coordinator = await scene.start(tinyFedAvg());
  for (let i = 0; i < 3; i++) {
    const socket = io(coordinator.url, { forceNew: true, transports: ["polling", "websocket"] });
    await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
    socket.disconnect();
  }
  const scripted = await fetch(`${coordinator.url}/socket.io/?EIO=4&transport=polling&j=0`);
  expect([scripted.status, await scripted.json()]).toEqual([
    400,
    { ok: false, rule: "P-2", message: "answers are JSON or bytes, never a script" },
  ]);
});
