import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { places, projectFolder } from "./setting/places.ts";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

/** File names asked for under /backbones/, in order. */
function watchBackboneRequests(page: Page): string[] {
  const asked: string[] = [];
  page.context().on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/backbones/")) asked.push(pathname.replace(/^.*\//, ""));
  });
  return asked;
}

for (const { host, store } of [
  { host: "127.0.0.1", store: "Cache Storage" },
  { host: "tutti.test", store: "IndexedDB, on plain http" },
]) {
  test(`a second visit asks for the manifest and for no shard: ${store}`, async ({ page }) => {
    const coordinator = await serveRun({ ...tinyRun, numRounds: 40, evaluateEvery: 40 }, { expectedClients: 1 });
    const address = joinAddress(coordinator, "wasm").replace("127.0.0.1", host);
    const asked = watchBackboneRequests(page);
    await page.goto(address);
    await expect.poll(() => coordinator.steps().length).toBeGreaterThan(0); // the tab has the backbone and works
    expect(asked).toContain("manifest.json");
    expect(asked.filter((file) => file.endsWith(".bin")).length).toBeGreaterThan(0);
    await page.goto("about:blank");
    asked.length = 0;
    const numSteps = coordinator.steps().length;
    await page.goto(address);
    await expect.poll(() => coordinator.steps().length).toBeGreaterThan(numSteps + 1);
    expect([...new Set(asked)]).toEqual(["manifest.json"]); // the landing page counts by it what is still to be downloaded
    await coordinator.close();
  });
}

const families = ["bert", "gpt2", "llama", "llama3"]; // roberta on WebGPU is in pipeline.e2e.ts

test.beforeAll(async () => {
  for (const family of [...families, "roberta"]) {
    await cp(join(projectFolder, "packages/model/golden", family), join(places.pages, "golden", family), { recursive: true });
  }
});

const cases = [
  ...["roberta", ...families].map((family) => ({ family, backend: "wasm", tolerance: 1e-5 })),
  ...families.map((family) => ({ family, backend: "webgpu", tolerance: 1e-4 })),
];

/** On a software adapter the Hessian takes seconds: roberta's, in pipeline.e2e.ts, and that of the family that is least like it are enough. */
const hasSpectrum = ({ family, backend }: { family: string; backend: string }) => backend === "wasm" || family === "llama3";

for (const { family, backend, tolerance } of cases) {
  const spectrum = hasSpectrum({ family, backend });
  test(`every kind of ${family}'s golden numbers holds on ${backend} in the browser${spectrum ? "" : ", the spectrum apart"}`, async ({
    page,
  }) => {
    test.setTimeout(240_000); // 40 products with the Hessian: seconds, on a busy software adapter a minute
    const coordinator = await serveRun(tinyRun);
    await page.goto(`${coordinator.url}/verify.html?backend=${backend}&golden=/golden/${family}${spectrum ? "&spectrum=1" : ""}`);
    await expect(page.locator("html[data-state]")).toHaveAttribute("data-state", /done|failed/, { timeout: 220_000 });
    const result: { errors?: Record<string, number> } = JSON.parse((await page.locator("#result").textContent()) ?? "{}");
    await coordinator.close();
    expect(result).toHaveProperty("backend", backend);
    const errors = Object.entries(result.errors ?? {});
    expect(errors.length).toBeGreaterThan(spectrum ? 17 : 12);
    for (const [kind, error] of errors) expect(error, kind).toBeLessThanOrEqual(/Hessian|Ritz|keep/.test(kind) ? 2e-3 : tolerance);
  });
}
