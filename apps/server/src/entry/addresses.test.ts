import { request } from "node:http";
import { hostname } from "node:os";
import { io } from "socket.io-client";
import { expect, test } from "vitest";
import { lanAddresses } from "../http/certificate.ts";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { createAddresses } from "./addresses.ts";

const scene = createScene();

type Opening = "opened" | "refused";

/** Whether a socket is opened for a page that sends these headers. */
function opening(url: string, transport: "websocket" | "polling", headers: Record<string, string>): Promise<Opening> {
  return transport === "polling" ? polling(url, headers) : websocket(url, headers);
}

function websocket(url: string, extraHeaders: Record<string, string>): Promise<Opening> {
  const socket = io(url, { forceNew: true, reconnection: false, transports: ["websocket"], extraHeaders });
  return new Promise((resolve) => {
    const end = (outcome: Opening) => {
      socket.close();
      resolve(outcome);
    };
    socket.on("connect", () => end("opened"));
    socket.on("connect_error", () => end("refused"));
  });
}

/** The first request by hand: the library's own, in Node, sends a Host of its own. */
function polling(url: string, headers: Record<string, string>): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/socket.io/?EIO=4&transport=polling`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? "opened" : "refused");
    });
    sent.on("error", reject).end();
  });
}

/** How many sockets were refused under the rule, and not for another reason. */
async function numRefused(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/tutti_refusals_total\{rule="P-101"\} (\d+)/.exec(metrics)?.[1] ?? 0);
}

const transports = ["websocket", "polling"] as const;

test.each(transports)("P-101 a website elsewhere cannot open a socket through its visitor's browser, by %s", async (transport) => {
  const { url } = await scene.start(tinyFedAvg());
  const own = new URL(url).host;
  const elsewhere = ["https://evil.example", "http://evil.example:8080", "null", "http://localhost:1", "http://127.0.0.1", "file://"];
  for (const origin of elsewhere) expect(await opening(url, transport, { origin }), origin).toBe("refused");
  expect(await opening(url, transport, { "sec-fetch-site": "cross-site" })).toBe("refused");
  expect(await numRefused(url)).toBe(elsewhere.length + 1);
  expect(await opening(url, transport, { origin: `http://${own}` })).toBe("opened");
  expect(await opening(url, transport, {})).toBe("opened");
});

test.each(transports)("P-101 a website whose name was bound to this machine's address cannot open a socket, by %s", async (transport) => {
  const { url, port } = await scene.start(tinyFedAvg());
  const host = `rebound.example:${port}`;
  expect(await opening(url, transport, { host, origin: `http://${host}` })).toBe("refused");
  expect(await opening(url, transport, { host })).toBe("refused");
  expect(await numRefused(url)).toBe(2);
  for (const own of ["localhost", "127.0.0.1", "127.0.0.2"])
    expect(await opening(url, transport, { host: `${own}:${port}`, origin: `http://${own}:${port}` }), own).toBe("opened");
});

test("P-101 under another name nothing is served: neither pages nor the run, and orders are not taken", async () => {
  const { port, controlToken } = await scene.start(tinyFedAvg());
  const status = (host: string, path: string, method = "GET"): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${controlToken}` };
      const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => resolve(response.resume().statusCode));
      sent.on("error", reject).end();
    });
  for (const path of ["/", "/run.json", "/metrics", "/backbones/tiny/manifest.json"])
    expect(await status(`rebound.example:${port}`, path), path).toBe(421);
  expect(await status(`rebound.example:${port}`, "/control/stop", "POST")).toBe(421);
  expect(await status(`rebound.example:${port}`, "/healthz")).toBe(200);
  expect(await status(`127.0.0.1:${port}`, "/run.json")).toBe(200);
});

test("P-101 behind a proxy its public address is an own one, whatever Host the proxy sends", async () => {
  const { url, port } = await scene.start(tinyFedAvg(), { publicUrl: "https://tutti.example/class/" });
  const origin = "https://tutti.example";
  for (const host of ["tutti.example", `127.0.0.1:${port}`]) expect(await opening(url, "websocket", { host, origin }), host).toBe("opened");
  expect(await opening(url, "websocket", { host: "tutti.example", origin: "https://tutti.example:8443" })).toBe("refused");
  expect(await opening(url, "websocket", { host: "tutti.example", origin: "https://evil.example" })).toBe("refused");
});

test("P-101 open to all networks, the machine's own names and addresses are a coordinator's, and no other address is", () => {
  const open = createAddresses({ host: "0.0.0.0", publicUrl: ["http://10.9.8.7:8080", "https://[2001:db8::7]/"] });
  for (const host of [`${hostname()}:8080`, `${hostname()}.LOCAL`, "localhost:9", "[::1]:8080", "10.9.8.7", "[2001:db8::7]:1"])
    expect(open.isOwn(host), host).toBe(true);
  for (const host of [undefined, "", "203.0.113.9", "localhost.evil.example", "evil.example#localhost", "a@localhost", "localhost/evil"])
    expect(open.isOwn(host), host).toBe(false);
  for (const address of lanAddresses()) expect(open.isOwn(address.includes(":") ? `[${address}]:1` : `${address}:1`), address).toBe(true);
  const one = createAddresses({ host: "192.0.2.7", publicUrl: [] });
  expect([one.isOwn("192.0.2.7:8080"), one.isOwn(`${hostname()}:8080`)]).toEqual([true, false]);
});
