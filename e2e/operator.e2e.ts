import { expect, type Page, test } from "@playwright/test";
import { findClassification } from "@tutti/data";
import { type Coordinator, serve } from "@tutti/server";
import { places } from "./setting/places.ts";
import { joinAddress, scratch, serveRun, tinyRun } from "./setting/runs.ts";

const run = { ...tinyRun, strategy: { name: "fedAvg", fineTuneEpochs: 0 }, numRounds: 400, evaluateEvery: 400, cohortSize: 4 } as const;

const stageOf = ({ url, controlToken }: Coordinator) => `${url}/stage.html#operator=${controlToken}`;

/** Whatever the page asks the coordinator for. */
function requestsOf(page: Page): string[] {
  const urls: string[] = [];
  page.on("request", (request) => urls.push(request.url()));
  return urls;
}

test("the operator lets a tab in, pauses, teaches and takes back, and stops; the volunteer's tab says so", async ({ context }) => {
  const coordinator = await serveRun(run, { expectedClients: 1, approval: true });
  const [stage, tab] = [await context.newPage(), await context.newPage()];
  const requested = requestsOf(stage);
  await stage.goto(stageOf(coordinator));
  await expect(stage).toHaveURL(`${coordinator.url}/stage.html`);
  await tab.goto(joinAddress(coordinator, "wasm"));
  await stage.bringToFront(); // a page behind another one draws once a second
  await stage.getByTestId("waiting").getByRole("button").click();
  await expect(stage.getByTestId("operator-said")).toHaveText("Done: let a client in.");
  await expect.poll(() => coordinator.steps().length, { timeout: 60_000 }).toBeGreaterThan(0);

  await stage.getByTestId("order-pause").focus();
  await stage.keyboard.press("Enter");
  await expect(tab.getByTestId("in-force")).toHaveText(/The teacher has paused the run/);
  await expect(stage.getByTestId("operator-state")).toContainText("The operator has paused the run");
  await stage.getByTestId("order-nextRound").click();
  await expect(stage.getByTestId("operator-said")).toHaveText(/Nothing has changed. No step is open/);

  for (const lesson of ["skew", "drop", "poison"]) await stage.getByTestId(`order-${lesson}`).click();
  await expect(tab.getByTestId("in-force")).toHaveCount(4);
  await stage.getByTestId("sampleFraction").fill("50");
  await stage.getByTestId("sampleFraction-apply").click();
  await expect(stage.getByTestId("sampleFraction-now")).toContainText("Now 50 % of all devices.");
  await stage.reload(); // the token is this tab's, and no longer in the address
  await expect(stage.getByTestId("order-log").getByRole("listitem")).toHaveCount(6);
  const planned = new Promise<number>((resolve) => {
    coordinator.subscribe((event) => {
      if (event.kind === "planned") resolve(event.plan.tasks.length);
    });
  });
  await stage.getByTestId("order-resume").click();
  expect(await planned).toBe(1); // 50 % of 4, of which 30 % are dropped
  await expect(stage.getByTestId("order-poison")).toContainText(/In force since Training, round \d+\. It is about devices \d, \d\./);
  await stage.getByTestId("order-poison").click();
  await expect(stage.getByTestId("operator-said")).toHaveText("Done: take back: poisoned devices.");

  await stage.getByTestId("order-stop").click();
  await stage.keyboard.press("Escape");
  expect(coordinator.status().phase).not.toBe("done");
  await stage.getByTestId("order-stop").click();
  await stage.getByTestId("order-stop-confirm").click();
  await coordinator.whenClosed();
  expect(requested.filter((url) => url.includes(coordinator.controlToken))).toEqual([]);
});

test("a stranger sees no buttons, and with a wrong token a sentence and no buttons; nothing has changed", async ({ page }) => {
  const coordinator = await serveRun(run);
  await page.goto(`${coordinator.url}/stage.html`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByTestId("operator")).toHaveCount(0);
  await page.goto(`${coordinator.url}/stage.html?again#operator=guess`);
  await expect(page.getByTestId("operator-problem")).toHaveText(/This operator’s link is not this coordinator’s/);
  await expect(page.getByTestId("order-pause")).toHaveCount(0);
  expect(coordinator.orders().events).toEqual([]);
  await coordinator.close();
});

test("a new run begins at the same address: the tab trains in it without a new link, and the operator's page goes on", async ({
  context,
}) => {
  const lines: string[] = [];
  const abort = new AbortController();
  const run = { ...tinyRun, strategy: { name: "fedAvg", fineTuneEpochs: 0 }, numRounds: 1, evaluateEvery: 1 } as const;
  const flags = { dataDir: scratch("follow"), runId: "class", host: "127.0.0.1", port: 0, expectedClients: 1, logLevel: "silent" };
  const ended = serve({
    presets: { tiny: run },
    preset: "tiny",
    flags: { ...flags, publicDir: places.tinyPublic, pagesDir: places.pages, admission: "code", codeWord: "blue heron" },
    isOver: "whenStopped",
    numClasses: ({ task }) => findClassification(task, "this test").classes.length,
    signal: abort.signal,
    print: (line) => void lines.push(line),
  });
  const printed = async (text: string) => {
    await expect.poll(() => lines.some((line) => line.includes(text)), { timeout: 60_000 }).toBe(true);
    return lines.find((line) => line.includes(text)) ?? "";
  };
  const operatorLink = (await printed("#operator=")).split(" ").at(-1) ?? "";
  const [stage, tab] = [await context.newPage(), await context.newPage()];
  const { origin, hash } = new URL(operatorLink);
  await tab.goto(`${origin}/?auto=1&backend=wasm&threads=1#token=blue%20heron`);
  await printed("run class is finished");
  await stage.goto(`${origin}/stage.html${hash}`);
  await stage.bringToFront();
  await stage.getByTestId("order-newRun").click();
  await stage.getByTestId("order-newRun-confirm").click();
  await printed("run class is closed and kept; run class-run2 follows");
  await printed("run class-run2 is finished");
  await expect(tab.getByTestId("results")).toBeVisible();
  await expect(stage.getByTestId("operator-state")).toContainText("Over");
  await expect(stage.getByTestId("order-log").getByRole("listitem")).toHaveCount(0);
  abort.abort();
  await ended;
});
