// Where Dawn in Node finds a WebGPU adapter on a machine without a GPU driver. Plain JavaScript: configuration files read it too.
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { findBrowser } from "./find-browser.mjs";

/**
 * Environment in which Dawn in Node finds the software adapter that Chromium ships; empty where there is none, and for a chosen adapter
 * (VK_ICD_FILENAMES). A process reads it at its start, so it is for child processes.
 * @returns {Promise<Record<string, string>>}
 */
export const softwareAdapter = async () => {
  const browser = process.env.VK_ICD_FILENAMES === undefined ? await findBrowser() : null;
  if (browser === null) return {};
  const folders = [dirname(realpathSync(browser)), "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];
  const folder = folders.find((candidate) => existsSync(join(candidate, "vk_swiftshader_icd.json")));
  if (folder === undefined) return {};
  const libraries = [folder, process.env.LD_LIBRARY_PATH ?? ""].filter((path) => path !== "").join(delimiter);
  return { LD_LIBRARY_PATH: libraries, VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json") };
};
