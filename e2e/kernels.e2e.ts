import { expect, test } from "@playwright/test";
import type { ParityResult } from "@tutti/model/parity";
import { joinAddress, serveRun, tinyRun } from "./setting/runs.ts";

// attention of other head sizes and products of other encodings with workgroup memory are compared in Node: a software adapter compiles for 30 s what
// is the same there
test("every WebGPU kernel agrees with its plain twin in the browser, in both variants", async ({ page }) => {
  test.setTimeout(300_000);
  const coordinator = await serveRun(tinyRun);
  await page.goto(`${coordinator.url}/verify.html?backend=webgpu&parity=quick`);
  await expect(page.locator("html[data-state]")).toHaveAttribute("data-state", /done|failed/, { timeout: 280_000 });
  const text = (await page.locator("#result").textContent()) ?? "";
  await coordinator.close();
  const { parity = [] }: { parity?: ParityResult[] } = JSON.parse(text);
  expect(new Set(parity.map(({ variant }) => variant)), text.slice(0, 500)).toEqual(new Set(["registers", "shared"]));
  const failed = parity.flatMap(({ name, variant, hasSubgroups, error, failure, tolerance }) =>
    failure === null && error !== null && error <= tolerance
      ? []
      : [`${name}, ${variant}${hasSubgroups ? " with subgroups" : ""}: ${failure ?? `error ${error}, at most ${tolerance} is right`}`],
  );
  expect(failed).toEqual([]);
  expect(parity.filter(({ name, variant }) => variant === "shared" && name.includes("attention"))).not.toEqual([]);
});

test("?kernels=plain computes without kernels of ours, and the page says so", async ({ page }) => {
  const coordinator = await serveRun({ ...tinyRun, numRounds: 1, evaluateEvery: 1 }, { expectedClients: 1 });
  await page.goto(`${joinAddress(coordinator, "wasm")}&kernels=plain`);
  const backend = page.getByTestId("backend");
  await expect(backend).toHaveAttribute("data-kernels", "plain");
  await expect(page.getByTestId("backend-reason")).toContainText("fast kernels are turned off, as asked");
  await coordinator.whenDone();
  await coordinator.close();
});
