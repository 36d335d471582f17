import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { toBase64Url, writeInvitation } from "@tutti/protocol";
import { expect, test, vi } from "vitest";
import type { CoordinatorOptions } from "../config.ts";
import { memoryStore } from "../journal/keyValueStore.ts";
import { newClient, provenHello } from "../testing/keptClient.ts";
import { manualClock } from "../testing/manualClock.ts";
import { createScene, type WatchedCoordinator } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";

const scene = createScene();
const open = { roster: "open", numDevices: 4, maxDevices: 40, minDevices: 30 } as const;

function start(options: Partial<CoordinatorOptions>, store = memoryStore()): Promise<WatchedCoordinator> {
  return scene.start(tinyFedAvg(open), options, { store });
}

/** What becomes of a client that brings this token: `in`, or the rule that it is refused under. */
async function comes(coordinator: WatchedCoordinator, name: string, token?: string): Promise<string> {
  const client = scene.join(coordinator, name, token === undefined ? {} : { token });
  const outcome = await Promise.race([client.when("welcome").then(() => "in"), client.when("refused").then(({ rule }) => rule)]);
  client.close();
  return outcome;
}

/** An order to the coordinator, by whoever has its token. */
async function order(
  coordinator: WatchedCoordinator,
  path: string,
  body?: object,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const headers = {
    authorization: `Bearer ${coordinator.controlToken}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const method = path.endsWith("clients") ? "GET" : "POST";
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${coordinator.url}/control/${path}`, { method, headers, ...sent });
  return { status: response.status, answer: await response.json() };
}

async function invitationsFrom(coordinator: WatchedCoordinator, count: number, days: number | null = null): Promise<string[]> {
  const { links } = (await order(coordinator, "invitations", { count, days })).answer as { links: string[] };
  return links.map((link) => new URLSearchParams(new URL(link).hash.slice(1)).get("token") ?? "");
}

test("P-102 the word is in no file of the run's folder that others may read", async () => {
  const coordinator = await start({ admission: "code", codeWord: "blue heron on the moss", writesRunFiles: true });
  const readable = readdirSync(coordinator.folder).filter((name) => {
    const { mode } = statSync(join(coordinator.folder, name));
    return (mode & 0o044) !== 0;
  });
  expect(readable).toContain("config.json");
  for (const name of readable.filter((one) => statSync(join(coordinator.folder, one)).isFile()))
    expect(readFileSync(join(coordinator.folder, name), "utf8"), name).not.toContain("blue heron on the moss");
});

test("P-102 a stranger without the code word, or with another, does not come in and sees nothing of the run", async () => {
  const coordinator = await start({ admission: "code", codeWord: "blue heron" });
  const stranger = scene.join(coordinator, "stranger");
  expect(await stranger.when("refused")).toMatchObject({ rule: "P-102", message: expect.stringContaining("open the link") });
  expect(await comes(coordinator, "guesser", "red heron")).toBe("P-102");
  expect(stranger.events.some(({ kind }) => kind === "status")).toBe(false);
  expect(await comes(coordinator, "guest", "blue heron")).toBe("in");
  expect(coordinator.linkToken).toBe("blue heron");
});

test.each(["websocket", "polling"] as const)(
  "P-102 a program, which brings no Origin, comes in with the token and not without it, by %s",
  async (transport) => {
    const coordinator = await start({ admission: "code", codeWord: "blue heron" });
    const socketOptions = { transports: [transport] };
    expect((await scene.join(coordinator, "without", { socketOptions }).when("refused")).rule).toBe("P-102");
    await scene.join(coordinator, "with", { socketOptions, token: "blue heron" }).when("welcome");
  },
);

test("P-102 who guesses is cut off after five tries on a connection", async () => {
  const coordinator = await start({ admission: "code" });
  const guesser = scene.join(coordinator, "guesser", { token: "a guess", socketOptions: { reconnection: false } });
  await guesser.when("refused");
  const said = {
    ...provenHello(guesser.kept, { socket: guesser.socket, url: coordinator.url }),
    token: "a guess",
    hosting: "virtual",
    devices: [],
  } as const;
  for (let tries = 0; tries < 4; tries++) expect(await guesser.call("hello", said)).toMatchObject({ rule: "P-102" });
  await guesser.when("disconnected");
});

test("P-102 the drawn code word outlives its coordinator, and lies in the run's folder for its owner alone", async () => {
  const first = await start({ admission: "code" });
  expect(first.linkToken).toMatch(/^[A-Za-z0-9_-]{16}$/);
  expect(statSync(join(first.folder, "link.token")).mode & 0o077).toBe(0);
  await first.close();
  expect((await start({ admission: "code" })).linkToken).toBe(first.linkToken);
});

test("P-103 an invitation lets one client in, again after a reload and without its link, and nobody else", async () => {
  const coordinator = await start({ admission: "invitations" });
  const [token = ""] = await invitationsFrom(coordinator, 1);
  expect(await comes(coordinator, "stranger")).toBe("P-103");
  expect(await comes(coordinator, "guest", token)).toBe("in");
  expect(await comes(coordinator, "friend of the guest", token)).toBe("P-103");
  expect(await comes(coordinator, "guest", token)).toBe("in");
  expect(await comes(coordinator, "guest")).toBe("in");
  expect(await comes(coordinator, "operator", coordinator.linkToken ?? "")).toBe("in");
});

test("P-103 two clients that bring one invitation at the same moment do not both come in", async () => {
  const coordinator = await start({ admission: "invitations" });
  const [token = ""] = await invitationsFrom(coordinator, 1);
  const outcomes = await Promise.all(Array.from({ length: 6 }, (_, index) => comes(coordinator, `racer ${index}`, token)));
  expect(outcomes.filter((outcome) => outcome === "in")).toHaveLength(1);
});

test("P-103 a forged invitation, one of another run, one that was changed and one whose time is over are refused", async () => {
  const coordinator = await start({ admission: "invitations" });
  const [token = ""] = await invitationsFrom(coordinator, 1, 1e-9);
  const secret = new Uint8Array(32).fill(7);
  const forged = writeInvitation({ runId: coordinator.runId, id: "an-id", expiresAt: 0 }, secret);
  const key = Buffer.from(readFileSync(join(coordinator.folder, "invitations.key"), "utf8").trim(), "base64url");
  const ofOtherRun = writeInvitation({ runId: "another-run", id: "an-id", expiresAt: 0 }, key);
  const [id = "", , signature = ""] = token.split(".");
  const bad = [forged, ofOtherRun, `${id}.0.${signature}`, `x${token}`, token.slice(0, -1), toBase64Url(key)];
  for (const text of bad) expect(await comes(coordinator, `forger of ${text.slice(0, 8)}`, text), text).toBe("P-103");
  const late = scene.join(coordinator, "late", { token });
  expect((await late.when("refused")).message).toMatch(/^the invitation ended on \d{4}-/);
});

test("P-103 what was redeemed stays redeemed when the coordinator starts again", async () => {
  const store = new Map<string, Uint8Array>();
  const first = await start({ admission: "invitations" }, memoryStore(store));
  const [used = "", unused = ""] = await invitationsFrom(first, 2);
  expect(await comes(first, "guest", used)).toBe("in");
  await first.close();
  const second = await start({ admission: "invitations" }, memoryStore(store));
  expect(await comes(second, "thief", used)).toBe("P-103");
  expect(await comes(second, "guest")).toBe("in");
  expect(await comes(second, "another", unused)).toBe("in");
});

test("P-104 where the operator approves, a client waits, is listed, and comes in once it is let in, also after a restart", async () => {
  const store = new Map<string, Uint8Array>();
  const coordinator = await start({ approval: true }, memoryStore(store));
  const { key } = newClient("ada");
  const waits = scene.join(coordinator, "ada", { nickname: "Ada" });
  expect(await waits.when("refused")).toMatchObject({ rule: "P-104" });
  waits.close();
  expect((await order(coordinator, "clients")).answer).toEqual({
    clients: [{ clientKey: key, nickname: "Ada", standing: "waiting", deviceIds: [], invitation: null }],
  });
  expect(coordinator.status().numConnected).toBe(0);
  expect((await order(coordinator, `clients/${key}/approve`)).status).toBe(200);
  expect(await comes(coordinator, "ada")).toBe("in");
  expect(await comes(coordinator, "bob")).toBe("P-104");
  await coordinator.close();
  const again = await start({ approval: true }, memoryStore(store));
  expect(await comes(again, "ada")).toBe("in");
});

test("P-104 a client that waits for the operator keeps its socket, where one that says no hello is closed", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(tinyFedAvg(open), { approval: true, helloTimeoutMs: 5000 }, { clock });
  const waits = scene.join(coordinator, "ada", { socketOptions: { reconnection: false } });
  await waits.when("refused");
  const silent = scene.join(coordinator, "silent", { hello: () => provenHello(newClient("other"), { socket: {}, url: coordinator.url }) });
  expect((await silent.when("refused")).rule).toBe("P-100");
  clock.advance(5001);
  await silent.when("disconnected");
  expect(waits.socket.connected).toBe(true);
});

test("P-105 a client that is sent away is told and closed, its devices are free at once, and it may come again", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 2, graceMs: 3_600_000 });
  const rude = scene.join(coordinator, "rude", { onTask: () => false });
  const other = scene.join(coordinator, "other");
  await Promise.all([rude.when("registered"), other.when("registered")]);
  expect((await order(coordinator, `clients/${rude.kept.key}/kick`)).status).toBe(200);
  expect((await rude.when("goodbye")).goodbye).toEqual({ reason: "removed", message: "the operator has sent this client away" });
  await rude.when("disconnected");
  rude.close();
  await coordinator.whenDone(); // its devices' tasks are done by the other one, long before the grace time is over
  expect(await comes(coordinator, "rude")).toBe("in");
});

test("P-105 what a client that was sent away still says on its socket is refused", async () => {
  const coordinator = await start({});
  const rude = scene.join(coordinator, "rude", { onTask: () => false });
  await rude.when("registered");
  const kicked = order(coordinator, `clients/${rude.kept.key}/kick`);
  await rude.when("goodbye");
  const answer = await rude.call("pause", { isPaused: true });
  expect(answer).toMatchObject({ ok: false, rule: expect.stringMatching(/^P-(105|6)$/) });
  await kicked;
});

test("P-105 a banned client does not come back, with its key or its invitation, until the ban is taken back, also after a restart", async () => {
  const store = new Map<string, Uint8Array>();
  const coordinator = await start({ admission: "invitations" }, memoryStore(store));
  const [token = ""] = await invitationsFrom(coordinator, 1);
  const rude = scene.join(coordinator, "rude", { token });
  await rude.when("welcome");
  await order(coordinator, `clients/${rude.kept.key}/ban`);
  expect((await rude.when("goodbye")).goodbye.reason).toBe("removed");
  rude.close();
  expect(await comes(coordinator, "rude", token)).toBe("P-105");
  expect(await comes(coordinator, "rude under another key", token)).toBe("P-103");
  await coordinator.close();
  const again = await start({ admission: "invitations" }, memoryStore(store));
  expect(await comes(again, "rude", token)).toBe("P-105");
  expect((await order(again, `clients/${rude.kept.key}/pardon`)).status).toBe(200);
  expect(await comes(again, "rude", token)).toBe("in");
});

test("P-106 orders need the operator's token, and every order is in the log, those without it too", async () => {
  const coordinator = await start({ approval: true });
  const { key } = newClient("ada");
  const without = await fetch(`${coordinator.url}/control/clients/${key}/approve`, {
    method: "POST",
    headers: { authorization: "Bearer guess" },
  });
  expect(without.status).toBe(401);
  for (const path of ["clients", "status"]) expect((await fetch(`${coordinator.url}/control/${path}`)).status, path).toBe(401);
  expect(await comes(coordinator, "ada")).toBe("P-104");
  await order(coordinator, `clients/${key}/approve`);
  expect((await order(coordinator, "clients/nobody/kick")).status).toBe(404);
  expect((await order(coordinator, "invitations", { count: 0 })).status).toBe(400);
  await order(coordinator, "invitations", { count: 3 });
  const path = join(coordinator.folder, "audit.jsonl");
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line));
  expect(entries.map(({ action, outcome }) => [action, outcome])).toEqual([
    [`POST /control/clients/${key}/approve`, "refused"],
    ["GET /control/clients", "refused"],
    ["GET /control/status", "refused"],
    ["approve", "done"],
    ["kick", "unknown"],
    ["invite", "done"],
  ]);
  expect(entries[3]).toMatchObject({ clientKey: key, from: "127.0.0.1", at: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(statSync(path).mode & 0o077).toBe(0);
});

test("P-107 metrics are this machine's, and elsewhere need a token: behind a proxy everybody seems to come from this machine", async () => {
  const alone = await start({});
  const status = async ({ url }: WatchedCoordinator, headers: Record<string, string> = {}) =>
    (await fetch(`${url}/metrics`, { headers })).status;
  expect(await status(alone)).toBe(200);
  expect(await status(alone, { "x-forwarded-for": "203.0.113.9" })).toBe(401);
  expect(readdirSync(alone.folder)).not.toContain("metrics.token");
  await alone.close();
  const proxied = await start({ publicUrl: "https://tutti.example" });
  expect(await status(proxied)).toBe(401);
  expect(await status(proxied, { authorization: "Bearer guess" })).toBe(401);
  const token = readFileSync(join(proxied.folder, "metrics.token"), "utf8").trim();
  expect(await status(proxied, { authorization: `Bearer ${token}` })).toBe(200);
});

test("P-108 run.json says what a landing page needs and nothing of single devices, nor what was learnt", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { admission: "code", codeWord: "blue heron", expectedClients: 1 });
  scene.join(coordinator, "a", { token: "blue heron" });
  await coordinator.whenDone();
  const page = await (await fetch(`${coordinator.url}/run.json`)).json();
  const names = ["admission", "keepsStates", "progress", "protocolVersion", "receiptKey", "run", "runId", "status", "urls"];
  expect(Object.keys(page).sort()).toEqual(names);
  expect(page.admission).toBe("code");
  expect(page.status).toEqual({ phase: "done", stage: "train", round: 4, numRounds: 4, numConnected: 1, numDevices: 4 });
  expect(JSON.stringify(page)).not.toMatch(/blue heron|deviceId|history|clientKey/);
});

test("P-108 in a run that not everybody may come to, a socket that has said no hello is told no status", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { admission: "code", codeWord: "blue heron", expectedClients: 1 });
  const watcher = scene.join(coordinator, "watcher", { token: "no idea" });
  await watcher.when("refused");
  scene.join(coordinator, "a", { token: "blue heron" });
  await coordinator.whenDone();
  await vi.waitFor(() => expect(coordinator.status().phase).toBe("done"), { interval: 2 });
  expect(watcher.events.some(({ kind }) => kind === "status")).toBe(false);
});
