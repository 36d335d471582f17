import type { BackendChoice } from "@tutti/model";
import { expect, test } from "vitest";
import { type BackendMemoryOptions, backendMemory } from "./rememberedBackend.ts";

const choice: BackendChoice = {
  backend: "webgpu",
  adapter: "nvidia GeForce",
  threads: 2,
  kernels: { variant: "shared", reason: "kernels with workgroup memory" },
  reason: "WebGPU on nvidia GeForce takes 2 ms for a test step",
  measuredAtMs: 1000,
};
const dayMs = 86_400_000;

/** A browser's local storage, and memories of pages in it. */
function browser() {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
  const page = (more: Partial<BackendMemoryOptions> = {}) =>
    backendMemory({ storage: () => storage, version: "worker-a.js", userAgent: "Firefox 153", now: () => 1000, ...more });
  return { items, page };
}

test("a later page of the same browser and version gets what was measured", () => {
  const { page } = browser();
  expect(page().recall()).toBeNull();
  page().remember(choice);
  expect(page().recall()).toEqual(choice);
  page().forget();
  expect(page().recall()).toBeNull();
});

test("another version of the page, another browser, or a clock that went back gets nothing", () => {
  const { page } = browser();
  page().remember(choice);
  expect(page({ version: "worker-b.js" }).recall()).toBeNull();
  expect(page({ userAgent: "Firefox 154" }).recall()).toBeNull();
  expect(page({ now: () => 999 }).recall()).toBeNull();
});

test("after seven days or twenty starts it is due to be measured again and still serves; after thirty days it does not", () => {
  const { page } = browser();
  page().remember(choice);
  expect(page({ now: () => 1000 + 7 * dayMs }).isDue()).toBe(false);
  expect(page({ now: () => 1001 + 7 * dayMs }).isDue()).toBe(true);
  expect(page({ now: () => 1001 + 7 * dayMs }).recall()).toEqual(choice);
  expect(page({ now: () => 1001 + 30 * dayMs }).recall()).toBeNull();
  for (let start = 1; start < 19; start++) page().recall();
  expect(page().isDue()).toBe(false);
  page().recall();
  expect(page().isDue()).toBe(true);
  page().remember({ ...choice, backend: "wasm" });
  expect([page().isDue(), page().recall()?.backend]).toEqual([false, "wasm"]);
});

test("blocked storage and text of another program remember nothing", () => {
  const blocked = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  const { items, page } = browser();
  const memory = page({ storage: blocked });
  memory.remember(choice);
  expect([memory.recall(), memory.isDue()]).toEqual([null, false]);
  for (const text of ["{", '{"version":"worker-a.js"}', "null"]) {
    items.set("tutti-backend", text);
    expect(page().recall()).toBeNull();
  }
});
