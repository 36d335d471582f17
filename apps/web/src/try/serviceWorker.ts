// The page where the model answers, without a network. It stands alone: what it imports would not be found under its name.

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
/** One cache for each folder and build of the pages, as several runs may lie on one host; the page fills it. */
const prefix = `tutti-try-${new URL(worker.registration.scope).pathname}-`;
const cacheName = `${prefix}${new URL(worker.location.href).searchParams.get("build") ?? "unnamed"}`;
/** What the page needs. The description of the run is there under the page's own address alone, so that the join page always asks the coordinator. */
const needed = /\/(?:try(?:\.html)?|run\.json\?of=try|tuned\.safetensors|assets\/[^?]*|wasm\/[^?]*|(?:backbones|datasets|prompts)\/[^?]*)$/;
/** Named by a hash of its content. */
const immutable = /\/assets\/.*-[\w-]{8,}\.\w+$/;

worker.addEventListener("install", () => void worker.skipWaiting());

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOlder().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || request.headers.has("range")) return;
  const address = new URL(request.url);
  if (address.origin !== worker.location.origin) return;
  const key = request.mode === "navigate" ? `${address.origin}${address.pathname}` : address.href;
  if (needed.test(key)) event.respondWith(answer(request, key));
});

async function removeOlder(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(prefix) && name !== cacheName).map((name) => caches.delete(name)));
}

/** The network goes first, so that nobody sees an older run; what it answers takes the place of what was kept. */
async function answer(request: Request, key: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(key);
  if (kept !== undefined && immutable.test(key)) return kept;
  try {
    const response = await fetch(request);
    if (kept !== undefined && response.status === 200) await cache.put(key, response.clone());
    return response;
  } catch (error) {
    if (kept !== undefined) return kept;
    throw error;
  }
}
