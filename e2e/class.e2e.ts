import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { devices, expect, type Page, test } from "@playwright/test";
import { startNoUpgrades } from "@tutti/server/testing";
import { places, projectFolder } from "./setting/places.ts";
import { readPath, readTerminal } from "./setting/qrCodes.ts";
import { scratch, serveRun, tinyRun } from "./setting/runs.ts";

const { defaultBrowserType: _, ...phone } = devices["Pixel 7"];
test.use({ ...phone, ignoreHTTPSErrors: true });

/** One device is enough, and nothing is measured beforehand that needs more. */
const open = { ...tinyRun, roster: "open" as const, minDevices: 1, cohortSize: 4, numRounds: 400, evaluateEvery: 2 };
const quick = "?backend=cpu";

const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

test("a phone is told of the warning before it comes, passes it or goes round it, and the three words let it in however they are typed", async ({
  page,
}) => {
  const coordinator = await serveRun(open, { https: "self", plainPort: 0, admission: "code", codeWords: true });
  const { port, plainPort, fingerprint, linkToken } = coordinator;
  await page.goto(`http://127.0.0.1:${plainPort}/trust${quick}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your browser is about to warn you");
  await expect(page.getByTestId("warning-chrome")).toContainText("Your connection is not private");
  const shown = await page.getByTestId("fingerprint").locator("code").allTextContents();
  expect(shown.join(":")).toBe(fingerprint);
  expect(await fits(page)).toBe(true);
  await expect(page.getByTestId("plain")).toHaveAttribute("href", `http://127.0.0.1:${plainPort}/${quick}`);
  await page.getByTestId("secure").click();
  await expect(page).toHaveURL(`https://127.0.0.1:${port}/${quick}`);
  await page.getByTestId("code-word").fill("quokka in pyjamas");
  await page.getByTestId("join").click();
  await expect(page.getByTestId("wrong-word")).toContainText("Read the three words on the wall again");
  expect(coordinator.clients()).toEqual([]);
  await page.getByTestId("code-word").fill(`  ${(linkToken ?? "").replaceAll("-", "  ").toUpperCase()}. `);
  await page.getByTestId("join").click();
  await expect.poll(() => coordinator.steps().length).toBeGreaterThan(0);
  // plain http on the https port leads to the same page
  await page.goto(`http://127.0.0.1:${port}/trust`);
  await expect(page).toHaveURL(`https://127.0.0.1:${port}/trust`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Nothing to warn of");
  await coordinator.close();
});

test("a class types its own texts: one phone is enough, more texts come into the next round, and every fifth stays back", async ({
  page,
}) => {
  const labels = ["happy", "sad"].map((name) => ({ name, word: name }));
  const { strategy } = tinyRun;
  const run = {
    ...open,
    task: "labels/happy.sad",
    labels,
    strategy: { ...strategy, selector: "last" as const, keepFraction: 0.5, countingRounds: 0, initialPrompts: "fresh" as const },
  };
  const coordinator = await serveRun(run, { minRoundMs: 250 });
  const asked: number[] = [];
  coordinator.subscribe((event) => {
    if (event.kind === "planned") asked.push(...event.plan.tasks.map(({ expects }) => expects.numExamples));
  });
  const numbers = () => asked;
  const proxy = await startNoUpgrades(coordinator.port);
  await page.goto(`${proxy.url}/${quick}`);
  await expect(page.getByTestId("source-share")).toHaveCount(0);
  await expect(page.getByTestId("join")).toBeDisabled();
  const typeIn = async (text: string, label: number) => {
    await page.getByTestId("example-text").fill(text);
    await page.getByTestId(`add-as-${label}`).click();
  };
  for (const [index, text] of ["a sunny day", "I lost my key", "we won", "it rains again", "lovely cake"].entries())
    await typeIn(text, index % 2);
  await page.getByTestId("join").click();
  await expect.poll(numbers).toContain(4);
  await typeIn("my dog is ill", 1);
  await expect(page.getByTestId("typed-count")).toContainText("5 texts to train on; 1 kept back");
  await expect.poll(numbers).toContain(5);
  expect(await fits(page)).toBe(true);
  const evaluated = () => coordinator.steps().flatMap(({ evaluations }) => evaluations.map(({ numExamples }) => numExamples));
  await expect.poll(evaluated).toContain(1);
  expect(proxy.numRefused()).toBeGreaterThan(0); // polling has carried all of it
  await coordinator.close();
  await proxy.close();
});

test("one command: the code in the terminal and the one on the wall lead in, and one tab alone gets rounds, because helpers fill them", async ({
  page,
}) => {
  const bin = join(projectFolder, "apps/cli/bin/tutti.mjs");
  const args = [
    "class",
    "--host",
    "127.0.0.1",
    "--backbone",
    "tiny",
    "--public",
    places.tinyPublic,
    "--out",
    scratch("class"),
    "--pace",
    "0.1",
  ];
  const command = spawn(process.execPath, [bin, ...args, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  command.stdout.on("data", (chunk) => {
    said += stripVTControlCharacters(String(chunk));
  });
  await expect.poll(() => said, { timeout: 60_000 }).toContain("Ctrl-C ends the class"); // a checkout may build its pages first
  const link = readTerminal(said);
  const words = /three words +(\w+) (\w+) (\w+)/.exec(said)?.slice(1).join("-");
  expect(link).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/#token=${words}$`));
  const address = new URL(link);
  const status = async () => (await (await fetch(new URL("/run.json", address))).json()).status;
  await expect.poll(async () => (await status()).helpers.numConnected).toBe(3);
  expect(await status()).toMatchObject({ phase: "waiting", helpers: { numTraining: 0 } });
  await page.goto(`${address.origin}/stage${address.hash}`);
  const code = page.getByTestId("join-code");
  await expect(code.locator("path")).toHaveAttribute("d", /M/);
  expect(readPath((await code.getAttribute("viewBox")) ?? "", (await code.locator("path").getAttribute("d")) ?? "")).toBe(link);
  await expect(page.getByText("helper", { exact: true })).toHaveCount(3);
  await page.goto(`${address.origin}/${quick}${address.hash}`);
  await expect(page.getByTestId("helpers")).toContainText("3 helper devices of the organiser, at rest");
  const begunAt = performance.now();
  await page.getByTestId("join").click();
  await expect.poll(async () => (await status()).stage, { intervals: [100] }).not.toBe("score");
  test.info().annotations.push({ type: "Join to the first closed round", description: `${Math.round(performance.now() - begunAt)} ms` });
  await expect.poll(async () => (await status()).helpers.numTraining).toBe(3);
  const ended = new Promise((resolve) => command.once("exit", resolve));
  command.kill("SIGINT");
  expect(await ended).toBe(130);
});
