import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { pageSizes } from "./scripts/page-sizes.mjs";
import { pageStrategies } from "./scripts/page-strategies.mjs";
import { softwareAdapter } from "./scripts/software-adapter.mjs";
import { workerKernels } from "./scripts/worker-kernels.mjs";

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

const load = createRequire(import.meta.url);
const wasmFolder = dirname(load.resolve("@tensorflow/tfjs-backend-wasm"));
const wasmBinaries = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"] as const;

/** What TensorFlow.js computes with, under wasm/: its WebAssembly binaries, both built and served while developing. */
function wasmFiles(): Plugin {
  const read = (name: string): Buffer => readFileSync(join(wasmFolder, name));
  const names: readonly string[] = wasmBinaries;
  return {
    name: "tutti-wasm-files",
    configureServer(server) {
      server.middlewares.use("/wasm", (request, response, next) => {
        const name = (request.url ?? "").slice(1).split("?")[0] ?? "";
        if (!names.includes(name)) return next();
        for (const [header, value] of Object.entries(crossOriginIsolation)) response.setHeader(header, value);
        response.setHeader("Content-Type", "application/wasm");
        response.end(read(name));
      });
    },
    generateBundle() {
      if (this.environment.config.consumer !== "client") return;
      for (const name of names) this.emitFile({ type: "asset", fileName: `wasm/${name}`, source: read(name) });
    },
  };
}

/** Where TensorFlow.js starts its threads, and where it waits for them. */
const ownThreads = "var pthreadPoolSize=8;while(pthreadPoolSize--){PThread.allocateUnusedWorker()}";
const awaited = "var numWorkersToLoad=PThread.unusedWorkers.length;";
const noneAwaited = 'removeRunDependency("wasm-instantiate");';

/**
 * TensorFlow.js's threaded binary is taken for its shared memory, in which our own threads compute
 * (packages/model/src/kernels/wasm/threads): the library starts none.
 */
function noLibraryThreads(): Plugin {
  return {
    name: "tutti-no-library-threads",
    transform(code, id) {
      if (!id.split("?")[0]?.endsWith("/tfjs-backend-wasm-threaded-simd.js")) return null;
      for (const found of [ownThreads, awaited]) {
        if (!code.includes(found)) throw new Error(`${id}: it starts its threads in another way than ${found}; adapt vite.config.ts`);
      }
      return code.replace(ownThreads, "").replace(awaited, `${awaited}${noneAwaited}`);
    },
  };
}

/** The tests under some folders. */
const tests = (...folders: readonly string[]): string[] => folders.map((folder) => `${folder}/**/*.test.{ts,tsx}`);

const proxied = ["/blobs", "/tuned.safetensors", "/run.json", "/live", "/report.html", "/control", "/healthz", "/metrics"];

export default defineConfig(async ({ command }) => ({
  root: process.env.VITEST ? repository : pages,
  publicDir: command === "serve" && !process.env.VITEST ? join(repository, "public") : false,
  plugins: [wasmFiles(), noLibraryThreads(), pageStrategies(), pageSizes()],
  // a page may lie under any path: everything is found from where it lies itself
  base: "./",
  build: {
    outDir: process.env.TUTTI_WEB_OUT ?? join(repository, "dist/web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2500,
    rollupOptions: {
      input: {
        index: join(pages, "index.html"),
        stage: join(pages, "stage.html"),
        try: join(pages, "try.html"),
        trust: join(pages, "trust.html"),
        tryServiceWorker: join(pages, "src/try/serviceWorker.ts"),
        ...(hasVerifyPage ? { verify: join(pages, "verify.html") } : {}),
      },
      // a service worker keeps its name from build to build, and serves what lies in its folder
      output: { entryFileNames: ({ name }) => (name === "tryServiceWorker" ? "[name].js" : "assets/[name]-[hash].js") },
    },
  },
  optimizeDeps: { rolldownOptions: { plugins: [noLibraryThreads()] } },
  worker: { format: "es" as const, plugins: () => [noLibraryThreads(), workerKernels()] },
  server: {
    headers: crossOriginIsolation,
    proxy: {
      "/socket.io": { target: coordinator, ws: true },
      ...Object.fromEntries(proxied.map((path) => [path, { target: coordinator }])),
    },
  },
  test: {
    root: repository,
    exclude: ["**/node_modules/**", "**/dist/**"],
    environment: "node",
    env: process.env.VITEST ? await softwareAdapter() : {},
    // loading the modules again for each file takes longer than most files' tests; those that compute start in a process of their own,
    // since backends and kernels are registered in it and a GPU driver may leave it in any state
    projects: [
      { extends: true as const, test: { name: "model", include: tests("packages/model"), isolate: true } },
      {
        extends: true as const,
        test: { name: "web", include: tests("apps/web"), isolate: true, setupFiles: [join(pages, "src/testing/english.ts")] },
      },
      {
        extends: true as const,
        test: {
          name: "rest",
          include: tests("packages", "apps"),
          exclude: ["**/node_modules/**", "**/dist/**", ...tests("packages/model", "apps/web")],
          isolate: false,
        },
      },
    ],
    // by default a machine with two cores gets one worker
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
}));
