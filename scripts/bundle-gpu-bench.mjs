// Bundles a program for Node into one file. Plain JavaScript outside every package, as the other builds are.
import { build } from "vite";

/**
 * Writes `<outDir>/<name>.mjs` from a TypeScript entry, everything inside except Dawn's binding and a library that is only measured at home.
 * @param {{ root: string, entry: string, outDir: string, name: string }} options
 * @returns {Promise<void>}
 */
export const bundleProgram = async ({ root, entry, outDir, name }) => {
  await build({
    configFile: false,
    root,
    logLevel: "error",
    ssr: { noExternal: true, external: ["webgpu", "gpt-tfjs"] },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      copyPublicDir: false,
      target: "node20",
      minify: true,
      rollupOptions: {
        output: {
          format: "es",
          entryFileNames: `${name}.mjs`,
          codeSplitting: false,
          // the tensor library asks for Node's own modules by require
          banner: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
        },
      },
    },
  });
};
