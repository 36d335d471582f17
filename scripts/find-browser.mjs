#!/usr/bin/env node
// Finds a Chromium that starts, or with --install gets one. Plain JavaScript: it runs before anything is built.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const isRoot = process.getuid?.() === 0;

/**
 * The flags that every Chromium of this project starts with; Chromium refuses its sandbox to root.
 * @type {readonly string[]}
 */
export const chromiumFlags = [
  ...(isRoot ? ["--no-sandbox"] : []),
  "--enable-unsafe-webgpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];

const usualPaths = {
  linux: ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"].flatMap((folder) => names.map((name) => join(folder, name))),
  darwin: ["/Applications", join(process.env.HOME ?? "/", "Applications")].flatMap((folder) =>
    ["Google Chrome", "Chromium", "Microsoft Edge"].map((name) => `${folder}/${name}.app/Contents/MacOS/${name}`),
  ),
  win32: [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) =>
      ["Google\\Chrome\\Application\\chrome.exe", "Chromium\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"].map(
        (name) => `${folder}\\${name}`,
      ),
    ),
};

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Whether the program at this path starts: a stub or one with missing libraries does not. On Windows asking for the version opens a window. */
const isWorking = (path) => {
  if (!isExecutable(path)) return false;
  return process.platform === "win32" || spawnSync(path, ["--version"], { stdio: "ignore", timeout: 20_000 }).status === 0;
};

const findInSystem = () => {
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => (folder === "" ? [] : names.map((name) => join(folder, name))));
  return [...new Set([...(process.platform === "win32" ? [] : onPath), ...(usualPaths[process.platform] ?? [])])].find(isWorking) ?? null;
};

const findPlaywrights = async () => {
  const playwright = await import("playwright-core").catch(() => null);
  if (playwright === null) return null;
  const path = playwright.chromium.executablePath();
  return path !== "" && isWorking(path) ? path : null;
};

/**
 * The path of a Chromium or Chrome that starts, or null: TUTTI_BROWSER, then the system's, then Playwright's own.
 * A TUTTI_BROWSER that does not start is an error, never passed over.
 * @returns {Promise<string | null>}
 */
export const findBrowser = async () => {
  const wanted = process.env.TUTTI_BROWSER;
  if (wanted !== undefined && wanted !== "") {
    if (isWorking(wanted)) return wanted;
    throw new Error(`TUTTI_BROWSER is ${wanted}, which does not start: set it to the path of a Chrome or Chromium, or unset it.`);
  }
  return findInSystem() ?? (await findPlaywrights());
};

const attempt = (command, args, env = {}) => {
  process.stderr.write(`Trying: ${[command, ...args].join(" ")}\n`);
  try {
    execFileSync(command, args, { stdio: ["ignore", 2, 2], timeout: 600_000, env: { ...process.env, ...env } });
  } catch (error) {
    process.stderr.write(`That did not work: ${error instanceof Error ? error.message.split("\n")[0] : error}\n`);
  }
};

const installPlaywrights = async () => {
  try {
    const cli = fileURLToPath(new URL("./cli.js", import.meta.resolve("playwright-core/package.json")));
    attempt(process.execPath, [cli, "install", "chromium"]);
  } catch {
    process.stderr.write("playwright-core is not installed: npm ci, in a checkout, or npm install @tutti/cli brings it.\n");
  }
  return findPlaywrights();
};

/**
 * Installs Debian's packages, each for itself, where this process may; a package that cannot be had is said and passed over.
 * @param {readonly string[]} packages
 */
export const installFromApt = (packages) => {
  if (process.platform !== "linux" || !isRoot || spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) return;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  attempt("apt-get", ["update"], env);
  for (const name of packages) attempt("apt-get", ["install", "-y", "--no-install-recommends", name], env);
};

const installChromium = () => {
  installFromApt(["chromium"]);
  return findInSystem();
};

/**
 * Like findBrowser, but installs one where that is allowed, and throws one clear sentence when there is none.
 * @param {{ isInstallAllowed?: boolean }} [options]
 * @returns {Promise<string>}
 */
export const ensureBrowser = async ({ isInstallAllowed = false } = {}) => {
  const found = (await findBrowser()) ?? (isInstallAllowed ? ((await installPlaywrights()) ?? installChromium()) : null);
  if (found !== null) return found;
  throw new Error(
    isInstallAllowed
      ? "No Chromium found and none could be installed: install Chrome or Chromium yourself and, if it is in an unusual place, set TUTTI_BROWSER to its path."
      : "No Chromium found: install Chrome or Chromium (in a checkout `npm run browser` does), or set TUTTI_BROWSER to its path.",
  );
};

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  try {
    process.stdout.write(`${await ensureBrowser({ isInstallAllowed: process.argv.includes("--install") })}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
