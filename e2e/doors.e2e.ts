import { expect, test } from "@playwright/test";
import { serveRun, tinyRun } from "./setting/runs.ts";

const openRun = { ...tinyRun, roster: "open", minDevices: 30 } as const;

/** Orders the coordinator something, as its operator. */
async function order({ url, controlToken }: { url: string; controlToken: string }, path: string): Promise<{ links?: string[] }> {
  const response = await fetch(`${url}/control/${path}`, { method: "POST", headers: { authorization: `Bearer ${controlToken}` } });
  expect(response.status).toBe(200);
  return response.json();
}

test("by invitation a tab joins with its link, keeps its place through a reload, and the same link lets no other browser in", async ({
  browser,
}) => {
  const coordinator = await serveRun(openRun, { admission: "invitations", publicUrl: [] });
  const { links: [link = ""] = [] } = await order(coordinator, "invitations");
  expect(link).toMatch(/\/#token=/);
  const [own, other] = [await browser.newContext(), await browser.newContext()];
  const page = await own.newPage();
  await page.goto(coordinator.url);
  await expect(page.getByTestId("uninvited")).toBeVisible();
  await page.goto(link);
  await page.reload(); // only what is behind # has changed
  await page.getByTestId("join").click();
  await expect(page.getByTestId("devices")).toHaveText("1", { timeout: 60_000 });
  const known = coordinator.clients().map(({ deviceIds }) => deviceIds);
  await page.reload();
  await expect(page.getByTestId("devices")).toHaveText("1", { timeout: 60_000 });
  expect(coordinator.clients().map(({ deviceIds }) => deviceIds)).toEqual(known);
  const stranger = await other.newPage();
  await stranger.goto(link);
  await stranger.getByTestId("join").click();
  await expect(stranger.getByText("has used this invitation")).toBeVisible();
  await Promise.all([own.close(), other.close()]);
  await coordinator.close();
});

test("with a typed code word a tab waits for the operator, begins once it is let in, and is told when it is sent away", async ({
  page,
}) => {
  const coordinator = await serveRun(openRun, { admission: "code", codeWord: "blue heron", approval: true, publicUrl: [] });
  await page.goto(coordinator.url);
  await expect(page.getByTestId("join")).toBeDisabled();
  await page.getByTestId("code-word").fill("blue heron");
  await page.getByTestId("join").click();
  await expect(page.getByRole("heading", { name: "Waiting to be let in" })).toBeVisible();
  expect(new URL(page.url()).hash).toBe("#token=blue+heron");
  expect(coordinator.status().numConnected).toBe(0);
  const headers = { authorization: `Bearer ${coordinator.controlToken}` };
  const { clients } = await (await fetch(`${coordinator.url}/control/clients`, { headers })).json();
  expect(clients).toMatchObject([{ standing: "waiting" }]);
  await order(coordinator, `clients/${clients[0].clientKey}/approve`);
  await expect(page.getByTestId("devices")).toHaveText("1", { timeout: 60_000 });
  await order(coordinator, `clients/${clients[0].clientKey}/kick`);
  await expect(page.getByText("The operator has removed this tab from the run.")).toBeVisible();
  await coordinator.close();
});
