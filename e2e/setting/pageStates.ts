import { expect, type Page } from "@playwright/test";
import type { Coordinator } from "@tutti/server";
import { type Held, holdFiles } from "./hold.ts";
import { serveRun, tinyRun } from "./runs.ts";

/** A page of a run that is served, from one state to the next. */
export interface Stage {
  readonly page: Page;
  readonly coordinator: Coordinator;
  held: Held | null;
}

/** A state that a page can be in; `reach` leads there from the state before. */
export interface ReachableState {
  readonly name: string;
  readonly reach: (stage: Stage) => Promise<void>;
}

/** A run and the states that its pages show, in an order in which one leads to the next. */
export interface Scene {
  readonly name: string;
  readonly serve: () => Promise<Coordinator>;
  readonly states: readonly ReachableState[];
}

const quick = "backend=wasm&threads=1";
const openRun = { ...tinyRun, roster: "open", minDevices: 2, numDevices: 2, cohortSize: 2 } as const;

const atState = (page: Page, state: string | RegExp) => expect(page.locator("html")).toHaveAttribute("data-state", state);

/** Opens a page of the run; `path` is behind the coordinator's address. */
const open =
  (path: string, shown: string) =>
  async ({ page, coordinator }: Stage): Promise<void> => {
    await page.goto(`${coordinator.url}/${path}`);
    await expect(page.locator(shown)).toBeVisible();
  };

async function letGo(stage: Stage): Promise<void> {
  await stage.held?.letGo();
  stage.held = null;
}

const ownRows =
  "text,label\nthe parcel came two weeks late,delivery\nwell made and solid,quality\nthe staff were rude,service\nfar too dear,price\n";

const joining: Scene = {
  name: "a run for all comers",
  serve: () => serveRun(openRun),
  states: [
    { name: "landing", reach: open(`?${quick}`, "[data-testid=join]") },
    { name: "landing in German", reach: open(`?${quick}&lang=de`, "[data-testid=join]") },
    { name: "landing in French", reach: open(`?${quick}&lang=fr`, "[data-testid=join]") },
    { name: "landing in Finnish", reach: open(`?${quick}&lang=fi`, "[data-testid=join]") },
    {
      name: "landing with own examples",
      async reach(stage) {
        await open(`?${quick}&lang=en`, "[data-testid=join]")(stage);
        await stage.page.getByTestId("source-own").check();
        await stage.page.getByTestId("own-file").setInputFiles({ name: "own.csv", mimeType: "text/csv", buffer: Buffer.from(ownRows) });
        await expect(stage.page.getByTestId("own-file-preview")).toBeVisible();
      },
    },
    { name: "the stage before anybody came", reach: open("stage", "h1") },
    { name: "the try page before anything was tuned", reach: open("try", "h1") },
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
      async reach(stage) {
        await letGo(stage);
        await atState(stage.page, "waiting");
      },
    },
  ],
};

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
      name: "pausing",
      async reach({ page }) {
        await page.getByTestId("pause").click();
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
    { name: "the stage of a run that goes", reach: open("stage", "h1") },
    { name: "the try page of a run that goes", reach: open("try", "h1") },
    {
      name: "retrying",
      async reach({ page, coordinator }) {
        await page.goto(`${coordinator.url}/?${quick}&auto=1`);
        await atState(page, /waiting|training/);
        await coordinator.close();
        await atState(page, "retrying");
      },
    },
  ],
};

const byCodeWord: Scene = {
  name: "a run by code word",
  serve: () => serveRun({ ...openRun, minDevices: 30 }, { admission: "code", codeWord: "blue heron", approval: true, publicUrl: [] }),
  states: [
    { name: "landing", reach: open(`?${quick}`, "[data-testid=code-word]") },
    {
      name: "waiting to be let in",
      async reach({ page }) {
        await page.getByTestId("code-word").fill("blue heron");
        await page.getByTestId("join").click();
        await atState(page, "unapproved");
      },
    },
    {
      name: "sent away",
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
    { name: "the stage", reach: open("stage", "h1") },
    { name: "the try page", reach: open("try", "h1") },
  ],
};

/** Every state that the pages show, for the tests of access: add a line where a page gets one more. */
export const scenes: readonly Scene[] = [joining, training, byCodeWord, byInvitation, finished];
