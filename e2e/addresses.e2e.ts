import { expect, test } from "@playwright/test";
import { hashOf, joinAddress, miscounted, serveRun, tinyRun } from "./setting/runs.ts";

// playwright.config.ts lets tutti.test mean this machine: a name that browsers do not trust the way they trust localhost
const named = ({ url }: { url: string }) => ({ url: url.replace("127.0.0.1", "tutti.test") });

test("on plain http under another name a tab trains on one thread of WASM and says what https would give", async ({ page }) => {
  const coordinator = await serveRun(tinyRun, { expectedClients: 1 });
  const there = named(coordinator);
  await page.goto(there.url);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await expect(page.getByTestId("preflight-backend")).toContainText("because this page came over plain http");
  await expect(page.getByTestId("preflight-backend")).toHaveAttribute("data-mend", "openHttps");
  await page.goto(joinAddress(there, "auto", 2));
  const outcome = await coordinator.whenDone();
  expect(miscounted(outcome)).toEqual([]);
  await expect(page.getByTestId("backend")).toHaveAttribute("data-backend", "wasm");
  await expect(page.getByTestId("backend")).toContainText("1 thread");
  await coordinator.close();
});

test("over https with a self-made certificate a tab under another name gets WebGPU, threads and wss", async ({ browser }) => {
  const coordinator = await serveRun(tinyRun, { expectedClients: 1, https: "self" });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  const there = named(coordinator);
  expect(there.url).toMatch(/^https:\/\/tutti\.test:/);
  await page.goto(joinAddress(there, "webgpu"));
  await expect(page.getByTestId("backend")).toHaveAttribute("data-backend", "webgpu", { timeout: 90_000 });
  const facts = await page.evaluate(() => ({ isSecureContext, crossOriginIsolated, hasGpu: navigator.gpu !== undefined }));
  expect(facts).toEqual({ isSecureContext: true, crossOriginIsolated: true, hasGpu: true });
  expect(sockets.length).toBeGreaterThan(0);
  expect(sockets.every((url) => url.startsWith("wss://tutti.test:"))).toBe(true);
  await context.close();
  await coordinator.close();
});

test("one and two threads of WASM give the same bits", async ({ context }) => {
  const hashes: string[] = [];
  for (const threads of [1, 2]) {
    const coordinator = await serveRun(tinyRun, { expectedClients: 1 });
    const page = await context.newPage();
    await page.goto(joinAddress(coordinator, "wasm", threads));
    hashes.push(hashOf(await coordinator.whenDone()));
    await expect(page.getByTestId("backend")).toContainText(threads === 1 ? "1 thread" : "2 threads");
    await page.close();
    await coordinator.close();
  }
  expect(hashes[1]).toBe(hashes[0]);
});

test("a page whose own files do not arrive, as behind a path without its closing slash, says so instead of staying blank", async ({
  page,
}) => {
  const coordinator = await serveRun(tinyRun);
  await page.route("**/assets/**", (route) => route.fulfill({ status: 404 }));
  await page.goto(coordinator.url);
  await expect(page.getByText("add a slash to the end of the address")).toBeVisible();
  await page.unroute("**/assets/**");
  await page.goto(`${coordinator.url}/`);
  await expect(page.getByTestId("join")).toBeVisible();
  await expect(page.getByText("add a slash to the end of the address")).toHaveCount(0);
  await coordinator.close();
});
