/** Builds the pages, by default into dist/web. */
export function buildPages(options?: { outDir?: string; hasVerifyPage?: boolean }): Promise<void>;
