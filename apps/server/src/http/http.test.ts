import { mkdirSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { sha256HexSync } from "@tutti/core";
import { runInfoSchema } from "@tutti/protocol";
import { io } from "socket.io-client";
import { expect, test } from "vitest";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";

const scene = createScene();
const run = tinyFedAvg();

function writePages(folder: string): string {
  const pages = join(folder, "pages");
  mkdirSync(join(pages, "assets"), { recursive: true });
  writeFileSync(join(pages, "index.html"), "<!doctype html><title>Tutti</title>");
  writeFileSync(join(pages, "assets", "join-a1b2c3d4.js"), "export {};");
  mkdirSync(join(folder, "backbones", "tiny"), { recursive: true });
  writeFileSync(join(folder, "backbones", "tiny", "manifest.json"), "{}");
  writeFileSync(join(folder, "backbones", "tiny", `${"ab".repeat(32)}.bin`), Buffer.alloc(5000, 3));
  writeFileSync(join(folder, "secret.txt"), "not for the public");
  return pages;
}

test("pages are isolated, and their policy lets them compute and talk to this coordinator alone", async () => {
  const coordinator = await scene.start(run, { pagesDir: writePages(scene.folder()) });
  const response = await fetch(`${coordinator.url}/`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("<title>Tutti</title>");
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).not.toContain("upgrade-insecure-requests");
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(policy).toContain("worker-src 'self' blob:");
  const { host } = new URL(coordinator.url);
  expect(policy).toContain(`connect-src 'self' ws://${host} wss://${host} `); // and no other host's sockets
  expect(policy).not.toMatch(/\bwss?:[ ;]/);
  expect(response.headers.get("strict-transport-security")).toBeNull();
});

test("cross-origin isolation is asked for where the browser trusts the origin: https, also where a proxy ends it, and this machine", async () => {
  const coordinator = await scene.start(run, { pagesDir: writePages(scene.folder()), publicUrl: "http://class.test:8080" });
  const { port } = new URL(coordinator.url);
  const policyFor = (headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path: "/", headers }, (response) => {
        response.resume();
        resolve(response.headers["cross-origin-opener-policy"]);
      }).on("error", reject);
    });
  for (const host of ["localhost:8080", "127.0.0.2", "[::1]:9"]) expect(await policyFor({ host })).toBe("same-origin");
  const host = "class.test:8080";
  expect(await policyFor({ host })).toBeUndefined();
  expect(await policyFor({ host, "x-forwarded-proto": "https" })).toBe("same-origin");
  expect(await policyFor({ host, "sec-fetch-mode": "navigate" })).toBe("same-origin");
  expect(await policyFor({ host, "x-forwarded-proto": "http" })).toBeUndefined();
});

test("whoever asks is told who runs the run and what for, where the operator says so, and how far it is (P-160, P-161)", async () => {
  const told = async (options: object) => {
    const coordinator = await scene.start(run, options);
    return runInfoSchema.parse(await (await fetch(`${coordinator.url}/run.json`)).json());
  };
  const { host, progress } = await told({ hostedBy: "Class 9b, Kisko school", about: "Which customers are unhappy?" });
  expect(host).toEqual({ name: "Class 9b, Kisko school", about: "Which customers are unhappy?" });
  expect(progress).toEqual({ numStepsDone: 0, numSteps: run.numRounds + 1, secondsLeft: null });
  expect((await told({ about: "Which customers are unhappy?" })).host).toEqual({ about: "Which customers are unhappy?" });
  expect(await told({})).not.toHaveProperty("host");
  await expect(told({ hostedBy: "two\nlines" })).rejects.toThrow(/hostedBy: .*a line of 1 to 80 characters/);
});

test("backbones may come from another place, which the pages are told of and allowed to ask", async () => {
  const coordinator = await scene.start(run, {
    pagesDir: writePages(scene.folder()),
    backbonesUrl: "https://cdn.example:8443/tutti/backbones/",
  });
  const info = await (await fetch(`${coordinator.url}/run.json`)).json();
  expect(info.urls.backbone).toBe(`https://cdn.example:8443/tutti/backbones/${run.backbone}/manifest.json`);
  const policy = (await fetch(`${coordinator.url}/`)).headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/connect-src [^;]*https:\/\/cdn\.example:8443(;| )/);
});

test("what is named by its content may be kept for ever, everything else is asked for again", async () => {
  const coordinator = await scene.start(run, { pagesDir: writePages(scene.folder()) });
  const caching = async (path: string) => (await fetch(coordinator.url + path)).headers.get("cache-control");
  expect(await caching("/")).toBe("no-cache");
  expect(await caching("/assets/join-a1b2c3d4.js")).toBe("public, max-age=31536000, immutable");
  expect(await caching("/backbones/tiny/manifest.json")).toBe("no-cache");
  expect(await caching(`/backbones/tiny/${"ab".repeat(32)}.bin`)).toBe("public, max-age=31536000, immutable");
  const first = await fetch(`${coordinator.url}/backbones/tiny/manifest.json`);
  const etag = first.headers.get("etag") ?? "";
  expect(await revalidated(`${coordinator.url}/backbones/tiny/manifest.json`, etag)).toBe(304);
  expect(await revalidated(`${coordinator.url}/backbones/tiny/manifest.json`, '"another"')).toBe(200);
});

test("nothing outside the public folders is served", async () => {
  const coordinator = await scene.start(run, { pagesDir: writePages(scene.folder()) });
  const statuses = {
    "/backbones/../secret.txt": 404,
    "/backbones/%2e%2e/secret.txt": 404,
    "/backbones/..%2fsecret.txt": 403,
    "/.env": 404,
    "/datasets/none.csv": 404,
    "/blobs/00": 404,
  };
  for (const [path, status] of Object.entries(statuses)) {
    expect((await fetch(coordinator.url + path)).status, path).toBe(status);
  }
});

/** The status of a request that a browser makes to ask whether its copy is still good; `fetch` would add a no-cache of its own. */
function revalidated(url: string, etag: string): Promise<number | undefined> {
  return new Promise((done, failed) => {
    get(url, { headers: { "if-none-match": etag } }, (response) => done(response.resume().statusCode)).on("error", failed);
  });
}

test("a blob is served under its hash as long as an open task names it (P-60)", async () => {
  const coordinator = await scene.start(run, { expectedClients: 1 });
  let release: () => void = () => undefined;
  const held = new Promise<boolean>((resolve) => {
    release = () => resolve(true);
  });
  const client = scene.join(coordinator, "a", { onTask: () => held });
  const { lease } = await client.when("task");
  const sha256 = lease.parameterSets.global?.sha256;
  const url = `${coordinator.url}/blobs/${sha256}`;
  const response = await fetch(url);
  expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(sha256HexSync(bytes)).toBe(sha256);
  const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(new Uint8Array(await plain.arrayBuffer())).toEqual(bytes);
  expect(plain.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect((await fetch(url, { headers: { "if-none-match": `"${sha256}"` } })).status).toBe(304);
  release();
  await coordinator.whenDone();
  expect((await fetch(url)).status).toBe(404);
});

test("run.json, healthz and metrics tell what goes on (P-71)", async () => {
  const coordinator = await scene.start(run);
  expect(await (await fetch(`${coordinator.url}/run.json`)).json()).toMatchObject({
    runId: "test",
    run: { seed: 42 },
    status: { phase: "waiting" },
  });
  expect(await (await fetch(`${coordinator.url}/healthz`)).json()).toEqual({ isHealthy: true });
  const metrics = await (await fetch(`${coordinator.url}/metrics`)).text();
  expect(metrics).toContain("tutti_clients 0");
  expect(metrics).toMatch(/tutti_wire_bytes\{purpose="pages",direction="down"\} \d+/);
});

test("orders need the token that is kept in the data folder", async () => {
  const coordinator = await scene.start(run);
  const order = (token: string) =>
    fetch(`${coordinator.url}/control/stop`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  expect((await order("guess")).status).toBe(401);
  expect((await order(coordinator.controlToken)).status).toBe(200);
  await coordinator.whenClosed();
});

test("a port that is in use is an error that says what to do", async () => {
  const coordinator = await scene.start(run);
  await expect(scene.start(run, { port: coordinator.port })).rejects.toThrow(
    `port ${coordinator.port} is in use: another coordinator may be running there; stop it, or choose another with --port`,
  );
});

test("with a self-made certificate, pages and sockets work over https, and the certificate is kept", async () => {
  const coordinator = await scene.start(run, { https: "self", pagesDir: writePages(scene.folder()) });
  expect(coordinator.url).toMatch(/^https:/);
  const read = () =>
    new Promise<{ status: number | undefined; names: string | undefined; fingerprint: string }>((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port: coordinator.port, path: "/", rejectUnauthorized: false, agent: false },
        (response) => {
          const socket = response.socket as import("node:tls").TLSSocket;
          const certificate = socket.getPeerCertificate();
          response.resume();
          resolve({ status: response.statusCode, names: certificate.subjectaltname, fingerprint: certificate.fingerprint256 });
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  const first = await read();
  expect(first.status).toBe(200);
  expect(first.names).toContain("DNS:localhost");
  expect(first.names).toContain("IP Address:127.0.0.1");
  const socket = io(coordinator.url.replace("localhost", "127.0.0.1"), {
    transports: ["websocket"],
    rejectUnauthorized: false,
    forceNew: true,
  });
  await new Promise((resolve) => socket.on("status", resolve));
  socket.close();
  expect(coordinator.traffic().pages.down).toBeGreaterThan(1000);
  await coordinator.close();
  const again = await scene.start(run, { https: "self", pagesDir: null });
  expect(await fetchFingerprint(again.port)).toBe(first.fingerprint);
  await again.close();
  const own = join(scene.folder(), "coordinator");
  const given = await scene.start(run, { https: { cert: join(own, "certificate.pem"), key: join(own, "key.pem") }, pagesDir: null });
  expect(await fetchFingerprint(given.port)).toBe(first.fingerprint);
  await expect(scene.start(run, { https: { cert: "none.pem", key: "none.pem" } })).rejects.toThrow(
    "the certificate none.pem cannot be read",
  );
});

function fetchFingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: "/healthz", rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve((response.socket as import("node:tls").TLSSocket).getPeerCertificate().fingerprint256);
    });
    sent.on("error", reject);
    sent.end();
  });
}
