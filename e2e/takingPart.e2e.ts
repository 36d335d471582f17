import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { checkReceipt, receiptSchema } from "@tutti/protocol";
import type { Coordinator } from "@tutti/server";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

const run = { ...tinyRun, numRounds: 60, evaluateEvery: 60 };

/** Opens the page of a run whose tab hosts all devices, and waits until it has contributed something. */
async function takePart(page: Page, backend = "wasm"): Promise<Coordinator> {
  const coordinator = await serveRun(run, { expectedClients: 1 });
  await page.goto(joinAddress(coordinator, backend));
  await expect(page.getByTestId("contributions-total")).toBeVisible({ timeout: 60_000 });
  return coordinator;
}

const isPaused = (coordinator: Coordinator) => coordinator.clients()[0]?.isPaused;
const heading = (page: Page) => page.getByTestId("headline");

test("the whole run has a bar with time left, the headline keeps still, and every link to another page opens another tab", async ({
  page,
}) => {
  const coordinator = await takePart(page);
  await expect(page.getByTestId("run-progress")).toHaveText(/^\d+ % · about .* left$/);
  const bars = page.getByRole("progressbar", { name: "The whole run" });
  await expect(bars).toHaveAttribute("aria-valuetext", /left/);
  await expect(bars).toContainText("scoring");
  await expect(page.getByTestId("round-progress")).toContainText("devices done");
  const numChanges = await page.evaluate(
    (ms) =>
      new Promise<number>((resolve) => {
        let count = 0;
        const note = new MutationObserver(() => count++);
        const shown = document.querySelector("[data-testid=headline]");
        if (shown !== null) note.observe(shown, { childList: true, characterData: true, subtree: true });
        setTimeout(() => resolve(count), ms);
      }),
    1500,
  );
  expect(numChanges).toBeLessThanOrEqual(1);
  for (const name of ["Stage", "Try"]) {
    const link = page.getByRole("navigation").getByRole("link", { name });
    await expect(link).toHaveAttribute("target", "_blank");
  }
  await coordinator.close();
});

test("a pause holds the task at hand, is told to the coordinator, outlives a reload with a word, and the task goes on where it was", async ({
  page,
}) => {
  const coordinator = await takePart(page);
  await page.getByTestId("pause").click();
  await expect(heading(page)).toHaveText("Paused");
  await expect.poll(() => isPaused(coordinator)).toBe(true);
  const before = coordinator.steps().length;
  await page.reload();
  await expect(heading(page)).toHaveText("Paused");
  await expect(page.getByTestId("incidents")).toContainText("This tab was paused when it was reloaded, so it is still paused.");
  await expect.poll(() => isPaused(coordinator)).toBe(true);
  expect(coordinator.steps().length - before).toBeLessThanOrEqual(1);
  await page.getByTestId("resume").click();
  await expect.poll(() => coordinator.steps().length).toBeGreaterThan(before + 1);
  await page.getByTestId("pause-after-task").click();
  await expect(heading(page)).toHaveText("Paused");
  await expect(page.getByTestId("explanation")).toContainText("gets no new work");
  await coordinator.close();
});

test("contributions are listed, the receipt is the run's, and both go with the tab's data", async ({ page }) => {
  const coordinator = await takePart(page);
  await page.getByTestId("pause-after-task").click();
  await expect(heading(page)).toHaveText("Paused");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("receipt").click()]);
  expect(download.suggestedFilename()).toMatch(/^tutti-receipt-run-.*\.json$/);
  const receipt = receiptSchema.parse(JSON.parse(await readFile(await download.path(), "utf8")));
  expect(checkReceipt(receipt)).toBe("valid");
  const { receiptKey } = (await (await fetch(`${coordinator.url}/run.json`)).json()) as { receiptKey: string };
  expect(receipt.key).toBe(receiptKey);
  const shown = Number(/^([\d,]+) contribution/.exec((await page.getByTestId("contributions-total").textContent()) ?? "")?.[1]);
  expect(receipt.contributions).toHaveLength(shown);
  await page.reload();
  await expect(page.getByTestId("contributions-total")).toContainText(`${shown} contributions`);
  await page.getByTestId("leave-and-delete").click();
  await expect(heading(page)).toHaveText("You have left");
  await expect(page.getByTestId("contributions")).toHaveCount(0);
  await coordinator.close();
});

test("after leaving, what the tab did stays and its dead cards go; a run that is stopped is not one that does not answer", async ({
  page,
}) => {
  const coordinator = await takePart(page);
  await page.getByTestId("leave").click();
  await expect(heading(page)).toHaveText("You have left");
  for (const card of ["controls", "loss-line", "backend", "staff", "progress"]) await expect(page.getByTestId(card)).toHaveCount(0);
  await expect(page.getByTestId("receipt")).toBeVisible();
  await page.getByTestId("join-again").click();
  await expect(page.getByTestId("loss-line")).toBeVisible();
  await expect(page.getByTestId("pause")).toBeEnabled();
  await coordinator.close();
  await expect(heading(page)).toHaveText("The run has been stopped");
  await expect(page.getByTestId("connection")).toHaveText("the run has stopped");
});

test("a tab that may work only while it is looked at, or up to a data limit, rests by itself and says so; the screen stays awake if wanted; the choices are kept", async ({
  page,
  context,
}) => {
  await page.addInitScript(() => {
    const { request } = WakeLock.prototype;
    WakeLock.prototype.request = function (type) {
      document.documentElement.dataset.awake = "asked";
      return request.call(this, type);
    };
  });
  const coordinator = await takePart(page);
  await expect(page.locator("html")).not.toHaveAttribute("data-awake");
  await page.getByTestId("keepsAwake").check();
  await expect(page.locator("html")).toHaveAttribute("data-awake", "asked");
  await page.getByTestId("onlyVisible").check();
  await hide(page, true);
  await expect(heading(page)).toHaveText("Resting until you look at this tab");
  await expect.poll(() => isPaused(coordinator)).toBe(true);
  await hide(page, false);
  await expect.poll(() => isPaused(coordinator)).toBe(false);
  await page.getByTestId("load").fill("50");
  await expect(page.getByTestId("controls")).toContainText("50 %: rests the remaining time");
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem("tutti-choices") ?? "{}");
    localStorage.setItem("tutti-choices", JSON.stringify({ ...kept, maxBytes: 1000 }));
  });
  await page.getByTestId("leave").click();
  const second = await context.newPage();
  await second.goto(joinAddress(coordinator, "wasm"));
  await expect(heading(second)).toHaveText("Paused: your data limit is reached");
  await expect(second.getByTestId("resume")).toBeVisible();
  await expect(second.getByTestId("load")).toHaveValue("50");
  await expect(second.getByTestId("onlyVisible")).toBeChecked();
  await coordinator.close();
});

/** Says to the page that it is hidden, as another tab in front of it would. */
async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

test("a worker that stops, a network that is gone and a sleep are mended and told, and nothing is lost", async ({ page, context }) => {
  await page.clock.install();
  const coordinator = await takePart(page);
  const numDone = () => coordinator.steps().length;
  await page.workers()[0]?.evaluate(
    () =>
      void setTimeout(() => {
        throw new Error("out of memory");
      }, 0),
  );
  await expect(page.locator("[data-kind=workerRestarted]")).toContainText("the training worker stopped: Uncaught Error: out of memory");
  const afterRestart = numDone();
  await expect.poll(numDone).toBeGreaterThan(afterRestart);
  await context.setOffline(true);
  await page.clock.fastForward(3_600_000);
  await expect(page.locator("[data-kind=slept]")).toContainText("This computer slept for 1 h");
  await expect(page.locator("html")).toHaveAttribute("data-state", "retrying");
  await context.setOffline(false);
  await expect(page.locator("html")).toHaveAttribute("data-state", /training|waiting/);
  const afterSleep = numDone();
  await expect.poll(numDone).toBeGreaterThan(afterSleep);
  await coordinator.close();
});

test("a GPU that is taken away in the middle of a run is asked for again, the task is computed once more, and the page says so", async ({
  page,
  browser,
}) => {
  const coordinator = await takePart(page, "webgpu");
  const chromium = await browser.newBrowserCDPSession();
  await chromium.send("Browser.crashGpuProcess");
  await expect(page.locator("[data-kind=workerRestarted]")).toContainText("the GPU was taken away", { timeout: 60_000 });
  const before = coordinator.steps().length;
  await expect.poll(() => coordinator.steps().length, { timeout: 60_000 }).toBeGreaterThan(before);
  await coordinator.close();
});
