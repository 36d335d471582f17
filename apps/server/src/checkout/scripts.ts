import { existsSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PagesHandler } from "../http/server.ts";

/**
 * The folder that holds public/, dist/web/ and scripts/: the project's, or the one of the installed command, which names itself in
 * TUTTI_HOME.
 */
export const projectFolder = process.env.TUTTI_HOME ?? fileURLToPath(new URL("../../../..", import.meta.url));

/** Whether the sources of the pages are there, too. */
export const isCheckout = existsSync(join(projectFolder, "vite.config.ts"));

interface BrowserScript {
  /** The flags that every Chromium of this project starts with. */
  readonly chromiumFlags: readonly string[];
  /** The path of a Chromium that starts; installs one only where that is allowed. */
  ensureBrowser(options?: { isInstallAllowed?: boolean }): Promise<string>;
}

interface AdapterScript {
  /** Environment in which Dawn in Node finds the software adapter that Chromium ships; empty where there is none. */
  softwareAdapter(): Promise<Readonly<Record<string, string>>>;
}

interface PagesScript {
  /** Pages with live reload, as a handler for requests of this server. */
  developPages(server: Server): Promise<PagesHandler>;
  /** Ends what developPages began. */
  closePages(): Promise<void>;
  /** Builds the pages, by default into dist/web. */
  buildPages(options?: { outDir?: string; hasVerifyPage?: boolean }): Promise<void>;
}

// plain scripts outside every package: they also run where nothing reads TypeScript yet
const load = (name: string) => import(pathToFileURL(join(projectFolder, "scripts", name)).href);

/** scripts/find-browser.mjs. */
export const loadBrowserScript = (): Promise<BrowserScript> => load("find-browser.mjs");

/** scripts/build-pages.mjs, which only a checkout has. */
export const loadPagesScript = (): Promise<PagesScript> => load("build-pages.mjs");

/** scripts/software-adapter.mjs. */
export const loadAdapterScript = (): Promise<AdapterScript> => load("software-adapter.mjs");
