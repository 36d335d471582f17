import { type ReadonlySignal, signal } from "@preact/signals";
import { bearer, tunedAddress } from "./tunedSource.ts";

/** Whether the page works without a network, as the name of a sentence. */
export type Offline = "offlineReady" | "offlineInsecure" | "offlineUntrusted";

/** What is kept, and from where. */
export interface OfflineSources {
  readonly folder: string;
  /** Of the request for the tuned parameters. */
  readonly token: () => string | null;
  /** Addresses that the worker has fetched. */
  fetched(): Promise<readonly string[]>;
}

/** The cache that the pages of a folder share with their service worker, one for each build. */
const cacheNameOf = (folder: string, build: string) => `tutti-try-${new URL(folder).pathname}-${build}`;

/** Backbone shards, which the backbone's own cache keeps. */
const shard = /\/[0-9a-f]{64}\.bin$/;

/** Keeps what this page needs so that it opens without a network, where the browser allows that; a new build takes the place of an older one. */
export function keepForOffline(sources: OfflineSources): { readonly state: ReadonlySignal<Offline | null>; keep(): Promise<void> } {
  const state = signal<Offline | null>(null);
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  const isPossible = container !== undefined && isSecureContext && import.meta.env.PROD;
  if (!isSecureContext) state.value = "offlineInsecure";
  return {
    state,
    async keep() {
      if (!isPossible) return;
      try {
        const build = buildOfPage();
        const script = new URL(`tryServiceWorker.js?build=${build}`, sources.folder);
        await container.register(script.href, { scope: sources.folder });
        await keepFiles(cacheNameOf(sources.folder, build), sources);
        await container.ready;
        state.value = "offlineReady";
      } catch {
        state.value = "offlineUntrusted"; // such as a certificate that the browser warned of, or storage that is forbidden
      }
    },
  };
}

/** The hash in the name of the page's own script, which changes with every build. */
function buildOfPage(): string {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  return /-([\w-]+)\.js$/.exec(script?.src ?? "")?.[1] ?? "unnamed";
}

async function keepFiles(cacheName: string, { folder, token, fetched }: OfflineSources): Promise<void> {
  const cache = await caches.open(cacheName);
  const here = performance.getEntriesByType("resource").map(({ name }) => name);
  const page = `${location.origin}${location.pathname}`;
  const addresses = [...new Set([page, ...here, ...(await fetched())])].filter((address) => isWanted(address, folder));
  await Promise.all([
    ...addresses.map((address) => put(cache, address, {})),
    put(cache, tunedAddress(folder), bearer(token())),
    put(cache, new URL("run.json?of=try", folder).href, {}),
  ]);
}

function isWanted(address: string, folder: string): boolean {
  return address.startsWith(folder) && !shard.test(address) && !/run\.json|tuned\.safetensors|socket\.io|tryServiceWorker/.test(address);
}

/** What is not there, such as parameters that nobody may have without a word, is not kept. */
async function put(cache: Cache, address: string, request: RequestInit): Promise<void> {
  const response = await fetch(address, request).catch(() => null);
  if (response !== null && response.status === 200) await cache.put(address, response);
}
