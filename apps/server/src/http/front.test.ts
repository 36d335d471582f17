import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { io } from "socket.io-client";
import { expect, test } from "vitest";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";

const scene = createScene();

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function get(url: string, headers: Record<string, string> = {}): Promise<Answered> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, { rejectUnauthorized: false, agent: false, headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const secure = { https: "self", plainPort: 0, pagesDir: null } as const;

test("P-191 the https port sends plain http to its https address, whatever was asked for", async () => {
  const { port } = await scene.start(tinyFedAvg(), secure);
  const answer = await get(`http://127.0.0.1:${port}/stage?seed=3`);
  expect(answer.status).toBe(308);
  expect(answer.headers.location).toBe(`https://127.0.0.1:${port}/stage?seed=3`);
  expect((await get(answer.headers.location?.replace("/stage?seed=3", "/healthz") ?? "")).text).toContain("isHealthy");
});

test("P-191 nobody is sent to a name that is not this coordinator's", async () => {
  const { port } = await scene.start(tinyFedAvg(), secure);
  const answer = await get(`http://127.0.0.1:${port}/`, { host: "elsewhere.test" });
  expect(answer.status).toBe(421);
  expect(answer.headers.location).toBeUndefined();
});

test("P-191 the plain port serves the same run over plain http, and https too", async () => {
  const coordinator = await scene.start(tinyFedAvg(), secure);
  const plain = await get(`http://127.0.0.1:${coordinator.plainPort}/run.json`);
  const overTls = await get(`https://127.0.0.1:${coordinator.port}/run.json`);
  expect(plain.status).toBe(200);
  expect(JSON.parse(plain.text)).toEqual(JSON.parse(overTls.text));
  expect(JSON.parse(plain.text).trust).toEqual({
    sha256: coordinator.fingerprint,
    port: coordinator.port,
    plainPort: coordinator.plainPort,
  });
  expect((await get(`https://127.0.0.1:${coordinator.plainPort}/healthz`)).status).toBe(200);
});

test("sockets reach the run through both ports, and hear goodbye when it closes", async () => {
  const coordinator = await scene.start(tinyFedAvg(), secure);
  const { port, plainPort } = coordinator;
  const sockets = [`https://127.0.0.1:${port}`, `http://127.0.0.1:${plainPort}`].map((url) =>
    io(url, { transports: ["websocket"], rejectUnauthorized: false, forceNew: true, reconnection: false }),
  );
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on("status", resolve))));
  const goodbyes = sockets.map((socket) => new Promise((resolve) => socket.on("goodbye", resolve)));
  const closing = coordinator.close("closing", "that was all");
  expect(await Promise.all(goodbyes)).toMatchObject([{ message: "that was all" }, { message: "that was all" }]);
  await closing;
});

test("bytes are counted as they are on the wire, TLS included", async () => {
  const coordinator = await scene.start(tinyFedAvg(), secure);
  const before = coordinator.traffic().pages.down;
  const { text } = await get(`https://127.0.0.1:${coordinator.port}/run.json`);
  expect(coordinator.traffic().pages.down - before).toBeGreaterThan(text.length + 1000); // the certificate alone has more
});

test("a connection that says nothing is closed in time", async () => {
  const { port } = await scene.start(tinyFedAvg(), { ...secure, connections: { headersTimeoutMs: 100 } });
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  await once(socket, "close");
});

test("browsers are sent no header of trust over plain http to an address that they do not trust", async () => {
  const { plainPort, port } = await scene.start(tinyFedAvg(), { ...secure, host: "0.0.0.0", publicUrl: ["http://tutti.test"] });
  const far = await get(`http://127.0.0.1:${plainPort}/run.json`, { host: "tutti.test" });
  expect(far.headers["cross-origin-opener-policy"]).toBeUndefined();
  expect(far.headers["origin-agent-cluster"]).toBeUndefined();
  expect(far.headers["cross-origin-embedder-policy"]).toBe("require-corp");
  for (const near of [`https://127.0.0.1:${port}`, `http://127.0.0.1:${plainPort}`])
    expect((await get(`${near}/run.json`)).headers["cross-origin-opener-policy"], near).toBe("same-origin");
  const proxied = await get(`http://127.0.0.1:${plainPort}/run.json`, { host: "tutti.test", "x-forwarded-proto": "https" });
  expect(proxied.headers["cross-origin-opener-policy"]).toBe("same-origin");
});
