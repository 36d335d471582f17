import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import type { Coordinator } from "@tutti/server";
import { joinAsClient, newClient, type ProtocolClient } from "@tutti/server/testing";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

const figures = ["score-plot", "loss-plot", "layers-plot", "bytes-plot", "drift-plot"] as const;

/** The run's own words for how well the model does for somebody new, from its records. */
function newcomerOf(coordinator: Coordinator) {
  const found = coordinator
    .steps()
    .flatMap(({ evaluations }) => evaluations.filter(({ protocol, split }) => protocol === "newcomer" && split === "test"));
  const last = found.at(-1);
  if (last === undefined) throw new Error("the run was not evaluated");
  return { score: `${(100 * last.accuracy).toFixed(1)} %`, texts: `of ${last.numExamples} hidden texts` };
}

async function hasNoSidewaysScroll(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
}

test("the stage follows a run of a real tab, steps through its rounds, and shows the same when the finished run is served again", async ({
  context,
}) => {
  const options = { expectedClients: 1, runId: `stage-${process.pid}` };
  const coordinator = await serveRun(tinyRun, options);
  const stage = await context.newPage();
  const problems: string[] = [];
  stage.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  stage.on("pageerror", (error) => problems.push(error.message));
  await stage.goto(`${coordinator.url}/stage`);
  await expect(stage.getByTestId("headline")).toHaveText("Waiting to begin");
  await expect(stage.getByTestId("link")).toHaveText("live");
  const seen = new Set<string>();
  await stage.exposeFunction("noteTile", (state: string) => seen.add(state));
  await stage.evaluate(() => {
    const note = () => {
      for (const tile of document.querySelectorAll(".tile")) Reflect.get(window, "noteTile")(tile.getAttribute("data-state") ?? "");
    };
    new MutationObserver(note).observe(document.body, {
      attributes: true,
      attributeFilter: ["data-state"],
      childList: true,
      subtree: true,
    });
  });
  const tab = await context.newPage();
  await tab.goto(`${joinAddress(coordinator, "wasm")}&name=Ada`);
  await stage.bringToFront(); // a page behind another one draws once a second
  await coordinator.whenDone();
  await expect(stage.getByTestId("headline")).toHaveText("The run is over");
  await expect(stage.getByTestId("stage-round")).toContainText("3 rounds · 4 devices");
  await expect(stage.locator(".tile")).toHaveCount(4);
  await expect(stage.locator(".tile").first()).toContainText("Ada");
  const { score, texts } = newcomerOf(coordinator);
  await expect(stage.getByTestId("stage-score")).toHaveText(score);
  await expect(stage.getByTestId("score-sum")).toContainText(texts);
  for (const figure of figures) await expect(stage.getByTestId(figure).locator("svg[role=img]")).toHaveCount(1);
  const selected = coordinator.status().selectedLayers ?? [];
  await expect(stage.getByTestId("layers-plot").locator("svg")).toHaveAttribute("aria-label", new RegExp(`travel: ${selected.join(", ")}`));
  expect([...seen].some((state) => ["training", "scoring", "probing", "evaluating"].includes(state))).toBe(true);

  await stage.getByTestId("motion-open").click();
  await expect(stage.getByTestId("motion-text")).toContainText("It draws 3 devices of 4");
  await stage.keyboard.press("ArrowRight");
  await expect(stage.getByTestId("motion-text")).toContainText(`The mask lets ${selected.length} of 3 layers through`);
  await stage.getByTestId("motion-next").click();
  await stage.getByTestId("motion-next").click();
  const trained = coordinator.steps().findLast(({ kind, stage: name }) => kind === "train" && name === "train");
  await expect(stage.getByTestId("motion-text")).toContainText("3 of 3 devices answered");
  expect(trained?.counted).toHaveLength(3);
  await stage.keyboard.press("Escape");
  await expect(stage.getByTestId("motion-open")).toBeFocused();

  const kept = stage.waitForEvent("download");
  await stage.getByTestId("export-csv").click();
  const csv = await readFile(await (await kept).path(), "utf8");
  expect(csv.split("\n")[0]).toContain("stage,round,asked,counted,train_loss");
  expect(csv).toContain(",newcomer,test,");
  await stage.getByTestId("export-report").click(); // this coordinator writes none
  await expect(stage.getByRole("status").filter({ hasText: "There is no report yet" })).toBeVisible();
  expect(problems.filter((problem) => !problem.includes("404"))).toEqual([]);

  await tab.close();
  await coordinator.close();
  await expect(stage.getByTestId("goodbye")).toContainText("The run is over and its coordinator has closed");
  const again = await serveRun(tinyRun, options);
  const later = await context.newPage();
  await later.goto(`${again.url}/stage`);
  await expect(later.getByTestId("headline")).toHaveText("The run is over");
  await expect(later.getByTestId("stage-round")).toContainText("3 rounds");
  await expect(later.getByTestId("stage-score")).toHaveText(score);
  await expect(later.getByTestId("bytes-sum")).toHaveText((await stage.getByTestId("bytes-sum").textContent()) ?? "");
  await again.close();
});

test("a run by code word shows a stranger nothing but the question for it; an order of the operator marks every plot", async ({ page }) => {
  const run = {
    ...tinyRun,
    numRounds: 1000,
    evaluateEvery: 1000,
    deadlineMs: 50_000,
    strategy: { name: "fedAvg" as const, fineTuneEpochs: 0 },
  };
  const coordinator = await serveRun(run, { admission: "code", codeWord: "blue heron moss" });
  const clients: ProtocolClient[] = ["Ada", "Grace", "Alan", "Emmy"].map((nickname) =>
    joinAsClient({
      url: coordinator.url,
      kept: newClient(nickname),
      nickname,
      token: "blue heron moss",
      async onTask({ taskId }) {
        for (const step of [1, 2]) {
          await client(nickname)?.call("progress", { taskId, step, numSteps: 4, loss: 1 });
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        return true;
      },
    }),
  );
  const client = (nickname: string) => clients[["Ada", "Grace", "Alan", "Emmy"].indexOf(nickname)];
  const order = await fetch(`${coordinator.url}/control/orders`, {
    method: "POST",
    headers: { authorization: `Bearer ${coordinator.controlToken}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "drop", fraction: 0.3 }),
  });
  expect(order.ok).toBe(true);

  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${coordinator.url}/stage`);
  await expect(page.getByTestId("problem")).toHaveText("This run is not for everybody. Type the code word, or open the operator’s link.");
  await expect(page.locator(".tile")).toHaveCount(0);
  expect(await page.locator("main").textContent()).not.toContain("Ada");
  await page.getByTestId("code-word").fill("red heron moss");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("problem")).toHaveText("That is not the word of this run.");
  await page.getByTestId("code-word").fill("blue heron moss");
  await page.keyboard.press("Enter");
  await expect(page.locator(".tile")).toHaveCount(4);
  await expect(page.locator(".tile").first()).toContainText(/Ada|Grace|Alan|Emmy/);
  await expect(page.getByTestId("countdown")).toContainText(/\d+ s/);
  await expect(page.getByTestId("stage-round")).toContainText(/Round \d+ of 1000/);
  for (const figure of ["loss-plot", "layers-plot", "bytes-plot", "drift-plot"]) {
    await expect(page.getByTestId(figure)).toContainText("30 % dropped");
  }
  await expect(page.locator(".tile[data-state=training]").first()).toContainText(/step \d\/4/);
  await expect(page.getByTestId("invitation")).toContainText("blue heron moss");
  for (const width of [360, 390, 820, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await expect.poll(() => hasNoSidewaysScroll(page)).toBe(true);
  }
  await page.reload(); // the address carries the word
  await expect(page.locator(".tile")).toHaveCount(4);
  for (const one of clients) one.close();
  await expect(page.locator(".tile[data-state=away]")).toHaveCount(4);
  await coordinator.close();
});
