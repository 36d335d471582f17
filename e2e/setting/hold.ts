import type { Page } from "@playwright/test";

/** Files that a tab does not get for now. */
export interface Held {
  /** Resolves when the tab has asked for one. */
  readonly isHeld: Promise<void>;
  letGo(): Promise<void>;
}

/** Keeps a tab from getting some files, its round's parameters by default, so that it is in the middle of a task until it is let go. */
export async function holdFiles(page: Page, files = "**/blobs/**"): Promise<Held> {
  let tell: () => void = () => undefined;
  const isHeld = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let letGo: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route(files, async (route) => {
    tell();
    await released;
    await route.continue().catch(() => undefined); // the page may be gone
  });
  return {
    isHeld,
    async letGo() {
      letGo();
      await page.unroute(files).catch(() => undefined);
    },
  };
}
