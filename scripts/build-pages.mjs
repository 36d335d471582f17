import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));

/**
 * Builds the pages, by default into dist/web, in its own process: hundreds of megabytes that the bundler takes are free again when it ends.
 * @param {{ outDir?: string, hasVerifyPage?: boolean }} [options]
 */
export const buildPages = async ({ outDir, hasVerifyPage = false } = {}) => {
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");
  const places = outDir === undefined ? {} : { TUTTI_WEB_OUT: outDir };
  const building = spawn(process.execPath, [vite, "build", "--config", configFile, "--logLevel", "error"], {
    cwd: dirname(configFile),
    env: { ...process.env, ...places, ...(hasVerifyPage ? { VITE_VERIFY: "1" } : {}) },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true, // Ctrl-C is for the command that asked; half a build is worse than a whole one
  });
  const [code, signal] = await once(building, "exit");
  if (code !== 0)
    throw new Error(`the pages were not built: vite ended with ${signal ?? code}${signal === null ? ", for the reason above" : ""}`);
};

let developing = null;

/**
 * Pages with live reload, as a handler for requests of this server.
 * @param {import("node:http").Server} server
 */
export const developPages = async (server) => {
  const { createServer } = await import("vite");
  developing = await createServer({ configFile, appType: "spa", server: { middlewareMode: true, ws: { server } } });
  return (request, response) => developing.middlewares(request, response);
};

/** Ends what developPages began. */
export const closePages = async () => developing?.close();
