import { mkdir } from "node:fs/promises";
import { expect } from "@playwright/test";
import type { RunSettings } from "@tutti/core";
import { type Coordinator, readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { open, openRun, quick, type Scene } from "./pageScene.ts";
import { places } from "./places.ts";
import { serveRun, tinyRun } from "./runs.ts";

/** Before the warning, in front of it and behind it. */
export const byCertificate: Scene = {
  name: "a run with a certificate that its machine made itself",
  serve: () => serveRun(openRun, { https: "self", plainPort: 0 }),
  states: [
    {
      name: "before the warning",
      isRare: true,
      async reach({ page, coordinator }) {
        await page.goto(`http://127.0.0.1:${coordinator.plainPort}/trust?${quick}`);
        await expect(page.getByTestId("fingerprint")).toBeVisible();
      },
    },
    {
      name: "before the warning, with the words of all browsers",
      isRare: true,
      async reach({ page }) {
        for (const other of await page.locator(".trust summary").all()) await other.click();
        await expect(page.getByTestId("warning-safari")).toBeVisible();
      },
    },
    {
      name: "plain http, where the page needs the network",
      isRare: true,
      async reach({ page, coordinator }) {
        await page.goto(`http://tutti.test:${coordinator.plainPort}/try?${quick}`);
        await expect(page.getByTestId("offline")).toBeVisible();
      },
    },
  ],
};

async function serveTexts(): Promise<Coordinator> {
  const { promptTokens: _, ...tuning } = tinyRun.tuning as RunSettings["tuning"] & { promptTokens?: number };
  const lora = { ...tuning, method: "lora", rank: 2, alpha: 4, head: "labelWords" } as object as RunSettings["tuning"];
  const strategy = { name: "fedAvg", fineTuneEpochs: 0 } as RunSettings["strategy"];
  const run = { ...tinyRun, backbone: "etude", task: "replies", tuning: lora, strategy } as RunSettings;
  await mkdir(places.runs, { recursive: true });
  const tuned = tunedParameters(run, readBackboneSizes(places.realPublic, "etude"), null);
  const served = { dataDir: places.runs, pagesDir: places.pages, publicDir: places.realPublic, host: "127.0.0.1", port: 0 };
  return startCoordinator({ ...served, runId: `texts-${process.pid}`, logLevel: "silent", run }, { tuned });
}

/** Answers in words. */
export const texts: Scene = {
  name: "a run whose answers are texts",
  serve: serveTexts,
  states: [
    {
      name: "the try page, an answer drawn",
      isRare: true,
      async reach(stage) {
        const { page } = stage;
        await open(`try?${quick}`, "[data-testid=drawing]")(stage);
        await page.getByTestId("max-tokens").fill("8");
        await page.getByTestId("text").fill("My order arrived broken");
        await page.getByTestId("draw").click();
        await expect(page.getByTestId("drawing")).toHaveAttribute("data-draws", "1", { timeout: 60_000 });
        await page.locator("button.token").nth(2).click();
      },
    },
    { name: "landing", isRare: true, reach: open(`?${quick}`, "[data-testid=join]") },
  ],
};
