import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { inviteTo, listClientsOf, orderClient, runStatus } from "./run.ts";
import { serve } from "./serve.ts";

const scene = createScene();
const run = tinyFedAvg({ roster: "open", numDevices: 4, minDevices: 4 });

test("P-106 the operator's commands list clients, act on one by the beginning of its key, and say which are meant", async () => {
  const coordinator = await scene.start(run);
  const clients = ["a", "b"].map((name) => scene.join(coordinator, name, { nickname: name, onTask: () => false }));
  for (const client of clients) await client.when("registered");
  const [a, b] = clients;
  const listed = await listClientsOf(scene.folder());
  expect(listed).toMatchObject({ runId: "test", clients: [{ nickname: "a", standing: "in", deviceIds: [0] }, { nickname: "b" }] });
  await expect(orderClient(scene.folder(), "kick", { client: "id-" })).rejects.toThrow("run test has 2 clients whose key begins with id-");
  await expect(orderClient(scene.folder(), "kick", { client: "id-nobody" })).rejects.toThrow("`tutti run clients test` lists them");
  const sent = await orderClient(scene.folder(), "ban", { client: a?.kept.key.slice(3, 13) ?? "" });
  expect(sent?.clientKey).toBe(a?.kept.key);
  await a?.when("goodbye");
  expect((await listClientsOf(scene.folder(), "test"))?.clients.map(({ standing }) => standing)).toEqual(["banned", "in"]);
  expect(b?.socket.connected).toBe(true);
  expect((await orderClient(scene.folder(), "pardon", { client: a?.kept.key ?? "" }))?.clientKey).toBe(a?.kept.key);
  expect(await listClientsOf(scene.folder(), "another-run")).toBeNull();
});

test("P-106 the operator's commands make links, for the address that others use, and read the whole status", async () => {
  const coordinator = await scene.start(run, { admission: "invitations", publicUrl: "https://tutti.example/class/" });
  const links = (await inviteTo(scene.folder(), { count: 2, days: null })) ?? [];
  expect(new Set(links).size).toBe(2);
  for (const link of links) expect(link).toMatch(/^https:\/\/tutti\.example\/class\/#token=[\w-]{16}\.0\.[\w-]{86}$/);
  const token = new URLSearchParams(new URL(links[0] ?? "").hash.slice(1)).get("token") ?? "";
  await scene.join(coordinator, "guest", { token }).when("welcome");
  await coordinator.close();
  expect(await inviteTo(scene.folder(), { count: 1, days: null })).toBeNull();
});

test("P-108 `tutti run status` sees more than run.json: the operator's token is what tells them apart", async () => {
  const { lmdbStore } = await import("../testing/lmdbStore.ts");
  const coordinator = await scene.start(run, {}, { store: lmdbStore(`${scene.folder()}/test/journal`) });
  await scene.join(coordinator, "a", { onTask: () => false }).when("registered");
  const { live } = await runStatus(scene.folder(), "test");
  expect(live).toMatchObject({ numDevices: 1, probes: [], message: expect.stringContaining("1 of 4 devices") });
});

/** What `serve` prints with these flags, until it listens. */
async function printed(flags: object): Promise<string[]> {
  const folder = scene.folder();
  mkdirSync(join(folder, "backbones", "tiny"), { recursive: true });
  const config = { numLayers: 3, hiddenSize: 5, numHeads: 2, numKeyValueHeads: 2, headSize: 2 };
  writeFileSync(join(folder, "backbones", "tiny", "manifest.json"), JSON.stringify({ config, tensors: [] }));
  const places = { dataDir: join(folder, "runs"), publicDir: folder, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent" };
  const abort = new AbortController();
  const lines: string[] = [];
  await serve({
    presets: { tiny: run },
    preset: "tiny",
    flags: { ...places, ...flags },
    isOver: "whenStopped",
    numClasses: () => 3,
    signal: abort.signal,
    print(line) {
      lines.push(line);
      if (line.startsWith("files")) abort.abort();
    },
  });
  return lines;
}

test("the links that `serve` prints carry the code word or an invitation, for every address, and nothing where everybody may come", async () => {
  expect((await printed({ runId: "open" }))[1]).toMatch(/^open http:\/\/127\.0\.0\.1:\d+$/);
  const byCode = await printed({ runId: "code", admission: "code", codeWord: "blue heron", publicUrl: "https://tutti.example/class/" });
  expect(byCode[1]).toMatch(
    /^open https:\/\/tutti\.example\/class\/#token=blue%20heron, or from another machine http:\/\/127\.0\.0\.1:\d+\/#token=blue%20heron$/,
  );
  expect(byCode[2]).toContain("whoever has the link may come");
  const byInvitation = await printed({ runId: "invited", admission: "invitations", approval: true });
  expect(byInvitation[1]).toMatch(/#token=[\w-]{16}\.0\.[\w-]{86}$/);
  expect(byInvitation.slice(2, 4)).toEqual([
    expect.stringContaining("`tutti run invite invited` makes more"),
    expect.stringContaining("`tutti run approve` lets one in"),
  ]);
});

test("a code word for a run that takes none is refused with what to do", async () => {
  await expect(printed({ codeWord: "blue heron" })).rejects.toThrow('codeWord: it is for admission "code", and admission is "open"');
});
