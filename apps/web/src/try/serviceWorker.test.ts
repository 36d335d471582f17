import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

/** The worker of the pages in a folder, among caches of these names; what it listens to. */
async function workerAt(folder: string, names: readonly string[]) {
  const listeners = new Map<string, (event: unknown) => void>();
  const left = new Set(names);
  const stubs = {
    addEventListener: (kind: string, listener: (event: unknown) => void) => listeners.set(kind, listener),
    location: new URL("tryServiceWorker.js?build=new", folder),
    registration: { scope: folder },
    clients: { claim: async () => undefined },
    caches: { keys: async () => [...left], delete: async (name: string) => left.delete(name) },
  };
  for (const [name, stub] of Object.entries(stubs)) vi.stubGlobal(name, stub);
  vi.resetModules();
  const script: string = "./serviceWorker.ts"; // a script, and no module to the type checker
  await import(/* @vite-ignore */ script);
  const send = async (kind: string) => {
    const waits: unknown[] = [];
    listeners.get(kind)?.({ waitUntil: (wait: unknown) => waits.push(wait) });
    await Promise.all(waits);
  };
  return { send, left };
}

test.each([
  ["https://example.org/", ["tutti-try-/-new", "tutti-try-/b/-old", "another-site"]],
  ["https://example.org/b/", ["tutti-try-/-old", "tutti-try-/-new", "another-site"]],
])("a new build in %s takes away its older ones, and nothing that other pages of the host keep", async (folder, left) => {
  const worker = await workerAt(folder, ["tutti-try-/-old", "tutti-try-/-new", "tutti-try-/b/-old", "another-site"]);
  await worker.send("activate");
  expect([...worker.left]).toEqual(left);
});
