import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

/** How to open tabs, each a browser of its own with a profile that stays on disk. */
export interface TabOptions {
  readonly executablePath: string;
  readonly chromiumFlags: readonly string[];
  /** Profile k is the folder `<profilesFolder>/<k>`. */
  readonly profilesFolder: string;
  readonly isHeadless: boolean;
  /** Told in one sentence when a tab is reopened or an error appears in it. */
  readonly onTrouble: (sentence: string) => void;
}

/** Open tabs, reopened when they crash until they are closed. */
export interface Tabs {
  /**
   * Opens tab `index` at an address, or takes it there; a crashed one comes back at the same address and profile. With `emptied` its browser
   * has forgotten by then what it fetched over HTTP before; what pages stored themselves, such as backbones, stays.
   */
  open(index: number, url: string, httpCache?: "kept" | "emptied"): Promise<void>;
  /** Starts the browser of tab `index`, whose page stays empty until it is opened. */
  launch(index: number): void;
  /** Loads an open tab again, as its reader might. */
  reload(index: number): Promise<void>;
  /** What the page of an open tab says of itself in `data-state`; null where it says nothing. */
  stateOf(index: number): Promise<string | null>;
  /** The text that the page of an open tab shows, in one line; null where there is no such tab. */
  textOf(index: number): Promise<string | null>;
  /** Closes every tab, so that their storage is written out. */
  close(): Promise<void>;
}

const maxReopenings = 5;

/** Keeps a set of tabs open. */
export function createTabs(options: TabOptions): Tabs {
  const { onTrouble } = options;
  const contexts = new Map<number, BrowserContext>();
  const addresses = new Map<number, string>();
  const launches = new Map<number, Promise<Page>>();
  let isClosing = false;
  let numReopenings = 0;

  /** The tab's browser, which may be on its way. */
  function start(index: number): Promise<Page> {
    const known = launches.get(index);
    if (known !== undefined) return known;
    const launched = startBrowser(index).finally(() => launches.delete(index));
    launches.set(index, launched);
    return launched;
  }

  /** Launches the tab's browser, whose page is still empty. */
  async function startBrowser(index: number): Promise<Page> {
    if (isClosing) throw new Error(`tab ${index} cannot open: all tabs are closing`);
    const context = await launch(index, options);
    contexts.set(index, context);
    context.on("close", () => {
      if (contexts.get(index) === context) void reopen(index, "was closed");
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.on("crash", () => void reopen(index, "crashed"));
    page.on("pageerror", (error) => onTrouble(`Tab ${index}: ${error.message}`));
    return page;
  }

  async function reopen(index: number, what: string): Promise<void> {
    const context = contexts.get(index);
    contexts.delete(index);
    if (isClosing || numReopenings >= maxReopenings) return;
    numReopenings += 1;
    onTrouble(`Tab ${index} ${what}; it opens again.`);
    await context?.close().catch(() => undefined);
    await start(index)
      .then((page) => page.goto(addresses.get(index) ?? "about:blank"))
      .catch((error: unknown) => onTrouble(`Tab ${index} could not be opened: ${String(error)}`));
  }

  const pageOf = (index: number): Page | null => contexts.get(index)?.pages()[0] ?? null;

  return {
    async open(index, url, httpCache = "kept") {
      addresses.set(index, url);
      const page = pageOf(index) ?? (await start(index));
      if (httpCache === "emptied") await emptyHttpCache(page);
      await page.goto(url);
    },
    launch(index) {
      if (pageOf(index) === null && !isClosing) start(index).catch(() => undefined); // `open` starts it again, and says why it cannot
    },
    async reload(index) {
      await pageOf(index)?.reload();
    },
    async stateOf(index) {
      return (await pageOf(index)?.locator("html").getAttribute("data-state")) ?? null;
    },
    async textOf(index) {
      const text = await pageOf(index)?.locator("main").innerText();
      return text?.replaceAll(/\s+/g, " ").trim() ?? null;
    },
    async close() {
      isClosing = true;
      await Promise.allSettled(launches.values());
      const open = [...contexts.values()];
      contexts.clear();
      await Promise.all(open.map((context) => context.close().catch(() => undefined)));
    },
  };
}

/** A browser on the tab's own profile. */
async function launch(index: number, { executablePath, chromiumFlags, profilesFolder, isHeadless }: TabOptions): Promise<BrowserContext> {
  const profile = join(profilesFolder, String(index));
  await mkdir(profile, { recursive: true, mode: 0o700 }); // it holds the tab's client key
  // a killed browser leaves its lock behind, which names a process that is gone
  await Promise.all(["SingletonLock", "SingletonCookie", "SingletonSocket"].map((name) => rm(join(profile, name), { force: true })));
  return chromium.launchPersistentContext(profile, {
    executablePath,
    headless: isHeadless,
    args: [...chromiumFlags],
    viewport: { width: 900, height: 700 },
    ...(isHeadless ? { reducedMotion: "reduce" as const } : {}),
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

/** Leaves the present page first, which would go on fetching. */
async function emptyHttpCache(page: Page): Promise<void> {
  await page.goto("about:blank");
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await session.detach();
}
