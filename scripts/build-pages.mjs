import { fileURLToPath } from "node:url";
import { build } from "vite";

/**
 * Builds the pages, by default into dist/web.
 * @param {{ outDir?: string, hasVerifyPage?: boolean }} [options]
 */
export const buildPages = async ({ outDir, hasVerifyPage = false } = {}) => {
  if (outDir !== undefined) process.env.TUTTI_WEB_OUT = outDir;
  if (hasVerifyPage) process.env.VITE_VERIFY = "1";
  await build({ configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)), logLevel: "error" });
};
