import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

/** Opens the address as a duplicate of the tab: with a copy of its session storage. */
async function duplicate(context: BrowserContext, page: Page): Promise<Page> {
  const [copy] = await Promise.all([context.waitForEvent("page"), page.evaluate(() => void window.open(location.href))]);
  return copy;
}

/** Closes a tab as its reader would, so that it may say that it goes. */
async function closeTab(page: Page): Promise<void> {
  await page.goto("about:blank");
  await page.close();
}

for (const [address, host] of [
  ["with Web Locks", "127.0.0.1"],
  ["on plain http, without Web Locks,", "tutti.test"],
] as const) {
  test(`${address} a duplicated tab gets a key of its own, and the next new tab adopts the key that a closed one left`, async ({
    context,
  }) => {
    // One client more is expected than comes: nothing is trained, tabs only come and go.
    const coordinator = await serveRun(tinyRun, { expectedClients: 3 });
    const url = joinAddress({ url: coordinator.url.replace("127.0.0.1", host) }, "wasm");
    const clients = () => {
      const [all, { numConnected }] = [coordinator.clients(), coordinator.status()];
      return { known: all.length, connected: numConnected, devices: all.map(({ deviceIds }) => deviceIds.length) };
    };
    const first = await context.newPage();
    await first.goto(url);
    await expect.poll(clients).toEqual({ known: 1, connected: 1, devices: [2] });
    expect(await first.evaluate(() => "locks" in navigator && isSecureContext)).toBe(host === "127.0.0.1");
    const copy = await duplicate(context, first);
    await expect.poll(clients).toEqual({ known: 2, connected: 2, devices: [2, 1] });
    await expect(first.getByTestId("devices")).toHaveText("2"); // was not replaced by its copy
    await closeTab(first);
    await expect.poll(() => clients().connected).toBe(1);
    const next = await context.newPage();
    await next.goto(url);
    await expect.poll(clients).toEqual({ known: 2, connected: 2, devices: [2, 1] });
    await expect(next.getByTestId("devices")).toHaveText("2");
    await expect(copy.getByTestId("devices")).toHaveText("1");
    await coordinator.close();
  });
}
