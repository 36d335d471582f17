import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, test } from "@playwright/test";
import { loadBrowserScript } from "@tutti/server/checkout";
import { startFirefox } from "./setting/firefox.ts";
import { findProgram } from "./setting/programs.ts";
import { serveRun, tinyRun } from "./setting/runs.ts";

const firefoxPath = await findProgram("firefox-esr");

/** A page of a browser whose settings block what sites store. */
interface BlockedPage {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

async function openChromium(): Promise<BlockedPage> {
  const profile = await mkdtemp(join(tmpdir(), "tutti-blocked-"));
  await mkdir(join(profile, "Default"));
  const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(settings));
  const { ensureBrowser, chromiumFlags } = await loadBrowserScript();
  const context = await chromium.launchPersistentContext(profile, { executablePath: await ensureBrowser(), args: [...chromiumFlags] });
  const page = await context.newPage();
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    evaluate: (expression) => page.evaluate(expression),
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openFirefox(): Promise<BlockedPage> {
  const firefox = await startFirefox(firefoxPath ?? "", { "network.cookie.cookieBehavior": 2 });
  const tab = await firefox.open("about:blank");
  return { goto: tab.goto, reload: tab.reload, evaluate: tab.evaluate, close: firefox.close };
}

const browsers = [
  { name: "Chromium", open: openChromium, isHere: true },
  { name: "Firefox", open: openFirefox, isHere: firefoxPath !== null },
];

for (const { name, open, isHere } of browsers) {
  test(`where ${name} blocks site data the page says so until the end, and a reload goes on and says why it begins again`, async () => {
    test.skip(!isHere, "skipped: no firefox-esr (install Debian's, or set TUTTI_FIREFOX to its path)");
    // a second client is expected and does not come: nothing is trained
    const coordinator = await serveRun(tinyRun, { expectedClients: 2 });
    const page = await open();
    const shown = (selector: string) =>
      page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent).join(" ")`);
    const state = () => page.evaluate("document.documentElement.dataset.state");
    const isBlocked = "(() => { try { return sessionStorage === null; } catch { return true; } })()";
    await page.goto(`${coordinator.url}/?backend=wasm&threads=1`);
    expect(await page.evaluate(isBlocked)).toBe(true);
    await expect.poll(() => page.evaluate("document.querySelector('[data-testid=join]') !== null")).toBe(true);
    await page.evaluate("document.querySelector('[data-testid=join]').click()");
    await expect.poll(state).toBe("waiting");
    expect(await shown("[data-testid=notice]")).toContain(
      "(its settings forbid it; allow this site to store data). After a reload, the tab starts again.",
    );
    await page.reload();
    await expect.poll(state).toBe("waiting");
    expect(await shown("[data-testid=notice]")).toContain("The reload lost it, and the tab has started again.");
    await page.evaluate("document.querySelector('[data-testid=leave]').click()");
    await expect.poll(state).toBe("left");
    expect(await shown("[data-testid=notice]")).toContain("This browser keeps nothing of this tab’s work");
    expect(await shown(".explanation")).toContain("This browser kept nothing");
    await page.reload();
    expect(await state()).toBe("landing"); // who has left is not brought back
    await page.close();
    await coordinator.close();
  });
}
