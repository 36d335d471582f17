#!/usr/bin/env node
// Finds the programs that some tests run beside Chromium, or with --install gets them from Debian. A test whose program is missing is skipped.
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFromApt } from "./find-browser.mjs";

const versionOf = { "firefox-esr": ["--version"], nginx: ["-v"], caddy: ["version"] };

const folders = [...(process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== ""), "/usr/bin", "/usr/sbin", "/usr/local/bin"];

/**
 * The path of a program that starts, or null. TUTTI_FIREFOX names a Firefox in another place.
 * @param {"firefox-esr" | "nginx" | "caddy"} name
 * @returns {string | null}
 */
export const findProgram = (name) => {
  const named = name === "firefox-esr" ? process.env.TUTTI_FIREFOX : undefined;
  const candidates = named !== undefined && named !== "" ? [named] : folders.map((folder) => join(folder, name));
  const isWorking = (path) => spawnSync(path, versionOf[name], { stdio: "ignore", timeout: 20_000 }).status === 0;
  return candidates.find(isWorking) ?? null;
};

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  const names = Object.keys(versionOf);
  const missing = names.filter((name) => findProgram(name) === null);
  if (missing.length > 0 && process.argv.includes("--install")) installFromApt(missing);
  for (const name of names) process.stdout.write(`${name}: ${findProgram(name) ?? "not here; the tests that need it are skipped"}\n`);
}
