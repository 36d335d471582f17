// How much the pages' files weigh. Plain JavaScript, as the other build scripts.
import { gzipSync } from "node:zlib";

/**
 * Writes assets/sizes.json: the compressed bytes of the training worker and of what it computes with, by path from the pages, so that the
 * join page can say before anybody joins how much is downloaded. The build fails where no worker is found.
 * @returns {import("vite").Plugin}
 */
export const pageSizes = () => ({
  name: "tutti-page-sizes",
  apply: "build",
  enforce: "post",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const wanted = Object.entries(bundle).filter(([path]) => /^assets\/worker-[^/]*\.js$|^wasm\//.test(path));
      if (!wanted.some(([path]) => path.startsWith("assets/")))
        throw new Error("no training worker was built; adapt scripts/page-sizes.mjs");
      const sizes = wanted.map(([path, output]) => [path, gzipSync("source" in output ? output.source : output.code, { level: 6 }).length]);
      this.emitFile({ type: "asset", fileName: "assets/sizes.json", source: JSON.stringify(Object.fromEntries(sizes)) });
    },
  },
});
