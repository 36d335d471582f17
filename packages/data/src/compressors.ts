import { brotliDecompressSync, gunzipSync } from "node:zlib";

/** Gzip and Brotli of Parquet files as Node has them; Snappy is built in. */
export const compressors = {
  GZIP: (bytes: Uint8Array, length: number) => new Uint8Array(gunzipSync(bytes, { maxOutputLength: Math.max(1, length) })),
  BROTLI: (bytes: Uint8Array, length: number) => new Uint8Array(brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) })),
};
