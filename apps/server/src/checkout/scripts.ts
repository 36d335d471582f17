import type { Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PagesHandler } from "../http/server.ts";

/** The project's folder, which holds public/, dist/ and vite.config.ts. */
export const projectFolder = fileURLToPath(new URL("../../../..", import.meta.url));

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

/** scripts/build-pages.mjs. */
export const loadPagesScript = (): Promise<PagesScript> => load("build-pages.mjs");

/** scripts/software-adapter.mjs. */
export const loadAdapterScript = (): Promise<AdapterScript> => load("software-adapter.mjs");
