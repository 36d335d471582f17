import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { softwareAdapter } from "./scripts/software-adapter.mjs";

const repository = dirname(fileURLToPath(import.meta.url));
const pages = join(repository, "apps/web");
const coordinator = process.env.TUTTI_COORDINATOR ?? "http://127.0.0.1:8080";
/** The test page that compares a backend with the golden numbers; never part of what ships. */
const hasVerifyPage = process.env.VITE_VERIFY === "1";

const crossOriginIsolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** TensorFlow.js's WebAssembly binaries under /wasm/, both built and served while developing. */
function wasmBinaries(): Plugin {
  const names = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];
  const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  return {
    name: "tutti-wasm-binaries",
    configureServer(server) {
      server.middlewares.use("/wasm", (request, response, next) => {
        const name = (request.url ?? "").slice(1).split("?")[0] ?? "";
        if (!names.includes(name)) return next();
        for (const [header, value] of Object.entries(crossOriginIsolation)) response.setHeader(header, value);
        response.setHeader("Content-Type", "application/wasm");
        createReadStream(join(folder, name)).pipe(response);
      });
    },
    generateBundle() {
      if (this.environment.config.consumer !== "client") return;
      for (const name of names) this.emitFile({ type: "asset", fileName: `wasm/${name}`, source: readFileSync(join(folder, name)) });
    },
  };
}

/**
 * TensorFlow.js starts its threads from the source text of a function, which a minifier may change so that it no longer stands alone
 * (`typeof name !== "undefined"` is taken for true). The text as published is kept beside it.
 */
function threadSource(): Plugin {
  return {
    name: "tutti-thread-source",
    transform(code, id) {
      if (!id.split("?")[0]?.endsWith("/tfjs-backend-wasm-threaded-simd.js")) return null;
      const factory: unknown = createRequire(import.meta.url)(id.split("?")[0] ?? id);
      return `${code}\nWasmBackendModuleThreadedSimd.toString = () => ${JSON.stringify(String(factory))};\n`;
    },
  };
}

const proxied = ["/blobs", "/run.json", "/healthz", "/metrics"];

export default defineConfig(async ({ command }) => ({
  root: process.env.VITEST ? repository : pages,
  publicDir: command === "serve" && !process.env.VITEST ? join(repository, "public") : false,
  plugins: [wasmBinaries(), threadSource()],
  build: {
    outDir: process.env.TUTTI_WEB_OUT ?? join(repository, "dist/web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2500,
    rollupOptions: {
      input: { index: join(pages, "index.html"), ...(hasVerifyPage ? { verify: join(pages, "verify.html") } : {}) },
    },
  },
  worker: { format: "es" as const, plugins: () => [threadSource()] },
  server: {
    headers: crossOriginIsolation,
    proxy: {
      "/socket.io": { target: coordinator, ws: true },
      ...Object.fromEntries(proxied.map((path) => [path, { target: coordinator }])),
    },
  },
  test: {
    root: repository,
    include: ["packages/**/*.test.{ts,tsx}", "apps/**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    environment: "node",
    env: process.env.VITEST ? await softwareAdapter() : {},
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
}));
