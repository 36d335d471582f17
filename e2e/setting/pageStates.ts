import { expect } from "@playwright/test";
import { clientIdentity, type OrderInput } from "@tutti/protocol";
import type { Coordinator } from "@tutti/server";
import { joinAsClient, newClient } from "@tutti/server/testing";
import { holdFiles } from "./hold.ts";
import { atState, open, openRun, quick, type Scene, type Stage } from "./pageScene.ts";
import { byCertificate, texts } from "./rareScenes.ts";
import { serveRun, tinyRun } from "./runs.ts";

async function letGo(stage: Stage): Promise<void> {
  await stage.held?.letGo();
  stage.held = null;
}

const ownRows =
  "text,label\nthe parcel came two weeks late,delivery\nwell made and solid,quality\nthe staff were rude,service\nfar too dear,price\n";

const foreignRows = "Antwort;Thema\nIt cost a fortune;teuer\nI paid twice as much;teuer\nCame late;Versand\n";

const joining: Scene = {
  name: "a run for all comers",
  serve: () => serveRun(openRun),
  states: [
    { name: "landing", reach: open(`?${quick}`, "[data-testid=join]") },
    { name: "landing in German", fitsAlone: true, reach: open(`?${quick}&lang=de`, "[data-testid=join]") },
    { name: "landing in French", fitsAlone: true, reach: open(`?${quick}&lang=fr`, "[data-testid=join]") },
    { name: "landing in Finnish", fitsAlone: true, reach: open(`?${quick}&lang=fi`, "[data-testid=join]") },
    {
      name: "landing with own examples",
      async reach(stage) {
        await open(`?${quick}&lang=en`, "[data-testid=join]")(stage);
        await stage.page.getByTestId("source-own").check();
        await stage.page.getByTestId("own-file").setInputFiles({ name: "own.csv", mimeType: "text/csv", buffer: Buffer.from(ownRows) });
        await expect(stage.page.getByTestId("own-file-preview")).toBeVisible();
      },
    },
    {
      name: "landing with a file whose labels are other words",
      isRare: true,
      async reach({ page }) {
        const file = { name: "umfrage.csv", mimeType: "text/csv", buffer: Buffer.from(foreignRows) };
        await page.getByTestId("own-file").setInputFiles(file);
        await expect(page.getByTestId("mapping")).toBeVisible();
      },
    },
    { name: "the stage before anybody came", isRare: true, reach: open("stage", "[data-testid=headline]") },
    {
      name: "loading",
      async reach(stage) {
        await open(`?${quick}`, "[data-testid=join]")(stage);
        stage.held = await holdFiles(stage.page, "**/backbones/**");
        await stage.page.getByTestId("join").click();
        await stage.held.isHeld;
      },
    },
    {
      name: "waiting",
      isRare: true,
      async reach(stage) {
        await letGo(stage);
        await atState(stage.page, "waiting");
      },
    },
    {
      name: "replaced by another tab",
      isRare: true,
      async reach({ page, coordinator }) {
        const identity = clientIdentity(await page.evaluate(keptSecret));
        joinAsClient({ url: coordinator.url, kept: { key: identity.clientKey, identity, runId: null, devices: new Map() } });
        await atState(page, "replaced");
      },
    },
    {
      name: "landing beside another tab",
      isRare: true,
      async reach(stage) {
        const other = await stage.page.context().newPage();
        await other.goto(`${stage.coordinator.url}/?${quick}&auto=1`);
        await atState(other, /loading|waiting/);
        await stage.page.bringToFront(); // a page behind another one draws nothing
        await open(`?${quick}`, "[data-testid=other-tab]")(stage);
      },
    },
    { name: "the try page before anything was tuned", isRare: true, reach: open(`try?${quick}`, "[data-testid=text]") },
    {
      name: "a page that is older than the coordinator",
      isRare: true,
      async reach({ page, coordinator }) {
        await page.routeWebSocket(/socket\.io/, (socket) => {
          const server = socket.connectToServer();
          // the answer to the first call, hello
          server.onMessage((message) => socket.send(String(message).replace(/^43(\d+)\[.*/s, otherVersion)));
        });
        await page.goto(`${coordinator.url}/?${quick}&auto=1`);
        await atState(page, "reload");
      },
    },
  ],
};

const otherVersion = `43$1${JSON.stringify([{ ok: false, rule: "P-1", message: "this page speaks another protocol version" }])}`;

/** In the page: the key under which its tab takes part. */
async function keptSecret(): Promise<string> {
  const opening = indexedDB.open("tutti");
  await new Promise((resolve) => opening.addEventListener("success", resolve));
  const all = opening.result.transaction("clients").objectStore("clients").getAll();
  await new Promise((resolve) => all.addEventListener("success", resolve));
  opening.result.close();
  return all.result[0].clientKey;
}

/** A finished round of clients that compute nothing, for pages that show a run and take no part in it. */
async function whenTrained(coordinator: Coordinator): Promise<void> {
  const client = joinAsClient({ url: coordinator.url, kept: newClient("a") });
  await expect
    .poll(() => coordinator.steps().some(({ stage, kind }) => stage === "train" && kind === "train"), { timeout: 60_000 })
    .toBe(true);
  client.close();
}

const training: Scene = {
  name: "a run that trains",
  serve: () => serveRun({ ...tinyRun, numRounds: 40, evaluateEvery: 40 }, { expectedClients: 1 }),
  states: [
    {
      name: "training",
      async reach(stage) {
        await open(`?${quick}`, "[data-testid=join]")(stage);
        await stage.page.getByTestId("join").click();
        await expect(stage.page.getByTestId("layer-bars")).toHaveAttribute("aria-label", /layer 0: \d/);
        stage.held = await holdFiles(stage.page);
        await stage.held.isHeld;
        await atState(stage.page, "training");
      },
    },
    {
      name: "pausing after the task",
      async reach({ page }) {
        await page.getByTestId("pause-after-task").click();
        await atState(page, "pausing");
      },
    },
    {
      name: "paused",
      async reach(stage) {
        await letGo(stage);
        await atState(stage.page, "paused");
      },
    },
    {
      name: "left",
      async reach({ page }) {
        await page.getByTestId("leave").click();
        await atState(page, "left");
      },
    },
    {
      name: "stopped",
      isRare: true,
      async reach({ page, coordinator }) {
        await page.goto(`${coordinator.url}/?${quick}&auto=1`);
        await atState(page, /waiting|training/);
        await coordinator.close();
        await atState(page, "stopped");
      },
    },
  ],
};

const watched: Scene = {
  name: "a run that is watched",
  serve: async () => {
    const coordinator = await serveRun({ ...tinyRun, numRounds: 40, evaluateEvery: 1 }, { expectedClients: 1 });
    await whenTrained(coordinator);
    return coordinator;
  },
  states: [
    { name: "the stage", reach: open("stage", "[data-testid=loss-plot] svg[role=img]") },
    {
      name: "the stage in slow motion",
      isRare: true,
      async reach({ page }) {
        await page.getByTestId("motion-open").click();
        await expect(page.getByTestId("motion-text")).toBeVisible();
      },
    },
    {
      name: "the stage with the operator",
      async reach(stage) {
        await stage.page.goto("about:blank");
        await open(`stage#operator=${stage.coordinator.controlToken}`, "[data-testid=operator-state]")(stage);
      },
    },
    {
      name: "the stage with lessons",
      isRare: true,
      async reach({ page, coordinator }) {
        await order(coordinator, { kind: "skew" }, { kind: "drop" }, { kind: "pause" });
        await expect(page.getByTestId("in-force")).toHaveCount(3);
      },
    },
    {
      name: "the try page, answered",
      async reach(stage) {
        await open(`try?${quick}`, "[data-testid=text]")(stage);
        await stage.page.getByTestId("text").fill("the parcel came late");
        await expect(stage.page.getByTestId("heard")).not.toBeEmpty({ timeout: 60_000 });
      },
    },
    {
      name: "the try page with a file",
      isRare: true,
      async reach({ page }) {
        await page.getByTestId("batch-file").setInputFiles({ name: "own.csv", mimeType: "text/csv", buffer: Buffer.from(ownRows) });
        await page.getByTestId("batch-start").click();
        await expect(page.getByTestId("batch-result")).toBeVisible({ timeout: 60_000 });
      },
    },
  ],
};

async function order({ url, controlToken }: Coordinator, ...orders: readonly OrderInput[]): Promise<void> {
  const headers = { authorization: `Bearer ${controlToken}`, "content-type": "application/json" };
  for (const one of orders) {
    const answer = await fetch(`${url}/control/orders`, { method: "POST", headers, body: JSON.stringify(one) });
    if (!answer.ok) throw new Error(`${one.kind}: ${await answer.text()}`);
  }
}

const byCodeWord: Scene = {
  name: "a run by code word",
  serve: () => serveRun({ ...openRun, minDevices: 30 }, { admission: "code", codeWord: "blue heron", approval: true, publicUrl: [] }),
  states: [
    {
      name: "the stage",
      isRare: true,
      async reach(stage) {
        await open("stage", "[data-testid=code-word]")(stage);
        await stage.page.getByTestId("code-word").fill("red heron");
        await stage.page.getByTestId("code-word").press("Enter");
        await expect(stage.page.getByTestId("code-word")).toHaveAttribute("aria-invalid", "true");
      },
    },
    { name: "landing", reach: open(`?${quick}`, "[data-testid=code-word]") },
    {
      name: "a wrong code word",
      isRare: true,
      async reach({ page }) {
        await page.getByTestId("code-word").fill("red heron");
        await page.getByTestId("join").click();
        await expect(page.getByTestId("wrong-word")).toBeVisible();
      },
    },
    {
      name: "waiting to be let in",
      isRare: true,
      async reach({ page }) {
        await page.getByTestId("code-word").fill("blue heron");
        await page.getByTestId("join").click();
        await atState(page, "unapproved");
      },
    },
    {
      name: "sent away",
      isRare: true,
      async reach({ page, coordinator: { url, controlToken } }) {
        const headers = { authorization: `Bearer ${controlToken}` };
        const { clients } = await (await fetch(`${url}/control/clients`, { headers })).json();
        const order = (name: string) => fetch(`${url}/control/clients/${clients[0].clientKey}/${name}`, { method: "POST", headers });
        await order("approve");
        await atState(page, /loading|waiting/);
        await order("kick");
        await atState(page, "failed");
      },
    },
  ],
};

const byInvitation: Scene = {
  name: "a run by invitation",
  serve: () => serveRun({ ...openRun, minDevices: 30 }, { admission: "invitations", publicUrl: [] }),
  states: [{ name: "uninvited", reach: open(`?${quick}`, "[data-testid=uninvited]") }],
};

const finished: Scene = {
  name: "a run that is over",
  serve: () => serveRun({ ...tinyRun, numRounds: 1, evaluateEvery: 1 }, { expectedClients: 1 }),
  states: [
    {
      name: "finished, having taken part",
      async reach({ page, coordinator }) {
        await page.goto(`${coordinator.url}/?${quick}&auto=1`);
        await coordinator.whenDone();
        await expect(page.getByTestId("results")).toBeVisible();
      },
    },
    {
      name: "landing",
      async reach({ page, coordinator }) {
        await page.evaluate(() => sessionStorage.clear());
        await page.goto(`${coordinator.url}/?${quick}`);
        await expect(page.getByTestId("finished")).toBeVisible();
      },
    },
    { name: "the stage", isRare: true, reach: open("stage", "[data-testid=headline]") },
    {
      name: "the try page without a network",
      isRare: true,
      async reach(stage) {
        const { page } = stage;
        await open(`try?${quick}`, "[data-testid=text]")(stage);
        await expect(page.getByTestId("offline")).toBeVisible({ timeout: 60_000 });
        await page.context().setOffline(true);
        await page.reload();
        await page.getByTestId("text").fill("the parcel came late");
        await expect(page.getByTestId("heard")).not.toBeEmpty({ timeout: 60_000 });
      },
    },
  ],
};

/** Every state that the pages show, for the tests of access: add a line where a page gets one more. */
export const scenes: readonly Scene[] = [joining, training, watched, byCertificate, texts, byCodeWord, byInvitation, finished];
