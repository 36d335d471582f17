/** The flags that every Chromium of this project starts with. */
export const chromiumFlags: readonly string[];
/** The path of a Chromium or Chrome that starts, or null. */
export function findBrowser(): Promise<string | null>;
/** Like findBrowser, but may install one, and throws one sentence when there is none. */
export function ensureBrowser(options?: { isInstallAllowed?: boolean }): Promise<string>;
