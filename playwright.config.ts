import { defineConfig } from "@playwright/test";
import { chromiumFlags, ensureBrowser } from "./scripts/find-browser.mjs";

const executablePath = await ensureBrowser({ isInstallAllowed: true });

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.e2e.ts",
  globalSetup: "./e2e/setting/prepare.config.ts",
  outputDir: "test-results",
  // tabs compute on all cores, so one test at a time
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  forbidOnly: true,
  use: { launchOptions: { executablePath, args: [...chromiumFlags, "--host-resolver-rules=MAP tutti.test 127.0.0.1"] } },
});
