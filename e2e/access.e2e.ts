import { expect, type Page, test } from "@playwright/test";
import type { Coordinator } from "@tutti/server";
import { accessFaults, countShifts, desk, motions, shiftsOf, tabTo } from "./setting/access.ts";
import { type Held, holdFiles } from "./setting/hold.ts";
import { scenes } from "./setting/pageStates.ts";
import { serveRun, tinyRun } from "./setting/runs.ts";

/** `npm run access` looks at rare states, too. */
const isEveryState = process.env.TUTTI_ACCESS === "all";

for (const { name, serve, states } of scenes) {
  const shown = states.filter(({ isRare }) => isRare !== true || isEveryState);
  if (shown.length === 0) continue;
  test(`${name}: every state passes axe, light and dark, and fits 360 px and 200 % zoom`, async ({ page }) => {
    if (isEveryState) test.setTimeout(300_000);
    const coordinator = await serve();
    await page.setViewportSize(desk);
    const stage = { page, coordinator, held: null as Held | null };
    for (const state of shown) {
      await test.step(state.name, async () => {
        await state.reach(stage);
        expect.soft(await accessFaults(page, state.fitsAlone), `${name}, ${state.name}`).toEqual([]);
      });
    }
    await coordinator.close();
  });
}

const stateOf = (page: Page) => page.locator("html");

test("by keyboard alone one joins, pauses, resumes and leaves, and sees the focus all the way; nothing jumps or moves that need not", async ({
  page,
}) => {
  const coordinator = await serveRun({ ...tinyRun, numRounds: 40, evaluateEvery: 40 }, { expectedClients: 1 });
  await countShifts(page);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize(desk);
  await page.goto(`${coordinator.url}/?backend=wasm&threads=1`);
  await expect(page.getByTestId("join")).toBeEnabled();
  const download = await holdFiles(page, "**/backbones/**");
  await tabTo(page, "join");
  await page.keyboard.press("Enter");
  await download.isHeld;
  expect(await motions(page)).toEqual([]);
  await download.letGo();
  await expect(page.getByTestId("headline")).toBeVisible();
  await expect(stateOf(page)).toHaveAttribute("data-state", /waiting|training/);
  await tabTo(page, "pause");
  await page.keyboard.press("Space");
  await expect(stateOf(page)).toHaveAttribute("data-state", "paused");
  await tabTo(page, "resume");
  await page.keyboard.press("Enter");
  await expect(stateOf(page)).toHaveAttribute("data-state", /waiting|training/);
  await tabTo(page, "leave");
  await page.keyboard.press("Enter");
  await expect(stateOf(page)).toHaveAttribute("data-state", "left");
  const { largest, moved } = await shiftsOf(page);
  expect(largest, moved.join("\n")).toBeLessThan(0.05);
  await coordinator.close();
});

test("the language is chosen in the foot: the page changes at once, keeps the choice, and one language file travels at a time", async ({
  page,
}) => {
  const coordinator: Coordinator = await serveRun(tinyRun);
  const files: string[] = [];
  page.on("request", (request) => {
    const [file] = /\/(?:en|de|fr|fi)-[\w-]+\.js$/.exec(request.url()) ?? [];
    if (file !== undefined) files.push(file.slice(1, 3));
  });
  await page.goto(coordinator.url);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  const choice = page.getByTestId("language");
  await expect(page.getByRole("combobox", { name: "Language" })).toHaveValue("en");
  expect(await choice.locator("option").allTextContents()).toEqual(["English", "Deutsch", "Français", "Suomi"]);
  const english = await page.locator("h1").textContent();
  await choice.selectOption("fi");
  await expect(page.locator("html")).toHaveAttribute("lang", "fi");
  await expect(page.getByRole("combobox", { name: "Kieli" })).toHaveValue("fi");
  await expect(page.locator("h1")).not.toHaveText(english ?? "");
  expect(files).toEqual(["en", "fi"]);
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Kieli" })).toHaveValue("fi");
  expect(files).toEqual(["en", "fi", "fi"]);
  await page.goto(`${coordinator.url}/stage?lang=de`);
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await page.route(/\/fr-[\w-]+\.js$/, (route) => route.abort());
  await page.getByTestId("language").selectOption("fr");
  await expect(page.getByText("Die Datei dieser Sprache kam nicht an.")).toBeVisible();
  await expect(page.getByTestId("language")).toHaveValue("de");
  await page.unroute(/\/fr-[\w-]+\.js$/);
  await coordinator.close();
});
