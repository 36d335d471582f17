import { fileURLToPath } from "node:url";
import { build, createServer } from "vite";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));

/**
 * Builds the pages, by default into dist/web.
 * @param {{ outDir?: string, hasVerifyPage?: boolean }} [options]
 */
export const buildPages = async ({ outDir, hasVerifyPage = false } = {}) => {
  if (outDir !== undefined) process.env.TUTTI_WEB_OUT = outDir;
  if (hasVerifyPage) process.env.VITE_VERIFY = "1";
  await build({ configFile, logLevel: "error" });
};

let developing = null;

/**
 * Pages with live reload, as a handler for requests of this server.
 * @param {import("node:http").Server} server
 */
export const developPages = async (server) => {
  developing = await createServer({ configFile, appType: "spa", server: { middlewareMode: true, ws: { server } } });
  return (request, response) => developing.middlewares(request, response);
};

/** Ends what developPages began. */
export const closePages = async () => developing?.close();
