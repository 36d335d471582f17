import { expect, test } from "@playwright/test";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

test("threads that never start leave the tab with one after 10 s: it says so, tells the coordinator, and trains", async ({ page }) => {
  const coordinator = await serveRun(tinyRun, { expectedClients: 1 });
  const registered: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => String(payload).includes('"register"') && registered.push(String(payload))),
  );
  const threadsAsked = page.waitForRequest("**/assets/thread-*.js");
  await page.route("**/assets/thread-*.js", () => undefined); // never answered
  await page.clock.install();
  await page.goto(joinAddress(coordinator, "wasm", 2));
  test.skip((await page.evaluate(() => navigator.hardwareConcurrency)) < 2, "skipped: one core gives one thread");
  await threadsAsked;
  await expect
    .poll(async () => {
      await page.clock.fastForward(1_000);
      return page.getByTestId("backend").textContent();
    })
    .toBe("CPU, 1 thread");
  const sentence = "2 threads did not start within 10 s, so this tab uses one";
  await expect(page.getByTestId("backend-reason")).toContainText(sentence);
  await expect(page.getByTestId("notice")).toContainText(sentence);
  await coordinator.whenDone();
  expect(registered.join("")).toContain(sentence);
  await coordinator.close();
});
