import { mkdir, writeFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import type { Params, RunSettings } from "@tutti/core";
import { writePromptsFile } from "@tutti/model";
import { readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { places } from "./setting/places.ts";
import { printedBy } from "./setting/printedBy.ts";
import { scratch, tinyRun } from "./setting/runs.ts";

test("a reply comes token by token with the five likeliest, at any temperature by its seed, and of a FedPT run three models answer beside each other", async ({
  page,
}) => {
  const { promptTokens: _, ...kept } = tinyRun.tuning as RunSettings["tuning"] & { promptTokens?: number };
  const tuning = { ...kept, method: "lora", rank: 2, alpha: 4, head: "labelWords" } as object as RunSettings["tuning"];
  const distilling = { distillSteps: 4, distillBatchSize: 4, distillRate: 0.001, distillFraction: 0.1, temperature: 1, topK: 32 };
  const strategy = {
    name: "fedPt",
    large: "concerto",
    a: 1,
    ...distilling,
    proxyReference: "pretrained",
  } as object as RunSettings["strategy"];
  const run = { ...tinyRun, backbone: "etude", task: "replies", tuning, strategy } as RunSettings;
  await mkdir(places.runs, { recursive: true });
  const tuned = tunedParameters(run, readBackboneSizes(places.realPublic, "etude"), null);
  const doors = { dataDir: places.runs, pagesDir: places.pages, publicDir: places.realPublic, host: "127.0.0.1", port: 0 };
  const coordinator = await startCoordinator({ ...doors, runId: `fedPt-${process.pid}`, logLevel: "silent", run }, { tuned });
  const file = writePromptsFile({ runId: coordinator.runId, settings: coordinator.config.run, params: shifted(tuned.initial) });
  await writeFile(scratch("fedPt.safetensors"), file);
  await page.route("**/tuned.safetensors", (route) => route.fulfill({ body: Buffer.from(file), headers: { etag: '"made"' } }));
  const downloads: string[] = [];
  page.on("request", (request) => downloads.push(request.url()));
  await page.goto(`${coordinator.url}/try?backend=wasm&threads=1`);
  await page.getByTestId("max-tokens").fill("8");
  await page.getByTestId("text").fill("My order arrived broken");
  let numDraws = 0;
  const draw = async (): Promise<void> => {
    await page.getByTestId("draw").click();
    numDraws += 1;
    await expect(page.getByTestId("drawing")).toHaveAttribute("data-draws", String(numDraws));
  };
  await draw();
  const tokens = page.getByTestId("tokens-tuned").locator("button");
  await expect(tokens).toHaveCount(8);
  await tokens.nth(2).click();
  await expect(page.getByTestId("drawn-tuned").locator(".candidates tbody tr")).toHaveCount(5);
  const printed = await printedBy(
    "predict",
    "--prompts",
    scratch("fedPt.safetensors"),
    "--max-tokens",
    "8",
    "--json",
    "My order arrived broken",
  );
  const answerOf = async (who: string) => (await page.getByTestId(`tokens-${who}`).innerText()).trim();
  expect(await answerOf("tuned")).toBe(JSON.parse(printed).answer);

  await page.getByTestId("temperature").fill("1.5");
  await draw();
  const warm = await answerOf("tuned");
  await draw();
  expect(await answerOf("tuned")).toBe(warm);
  await page.getByTestId("seed").fill("2");
  await draw();
  expect(await answerOf("tuned")).not.toBe(warm);

  const shards = () => downloads.filter((url) => url.includes("/concerto/") && url.endsWith(".bin"));
  expect(shards()).toEqual([]);
  await expect(page.getByTestId("load-large")).toHaveText(/Download concerto \(\d.*MB\)/);
  await page.getByTestId("load-large").click();
  await expect(page.getByTestId("drawn-proxy")).toBeVisible();
  expect(shards().length).toBeGreaterThan(0);
  await page.getByTestId("temperature").fill("0");
  await page.getByTestId("dial").fill("0");
  await draw();
  expect(await answerOf("proxy")).toBe(await answerOf("large")); // a = 0 leaves the large model alone
  await page.getByTestId("dial").fill("3");
  await draw();
  expect(await answerOf("proxy")).not.toBe(await answerOf("large"));

  await page.getByTestId("max-tokens").fill("150");
  await page.getByTestId("draw").click();
  await page.getByTestId("draw-stop").click();
  await expect(page.getByTestId("draw-stop")).toHaveCount(0);
  expect(await page.getByTestId("tokens-proxy").locator("button").count()).toBeLessThan(150);
  await coordinator.close();
});

/** Parameters that change what the model says. */
function shifted(params: Params): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value, i) => value + 0.2 * Math.sin(i + name.length)) },
    ]),
  );
}
