import { register } from "node:module";

let isRegistered = false;

/**
 * From here on, in this process, `@tutti/core` is the coordinator's own wherever the file that imports it lies, and TypeScript that `importer` imports, and so on, is read as
 * an ES module even where no package.json says so.
 */
export function registerHooks(importer: string): void {
  if (isRegistered) return;
  isRegistered = true;
  register(`data:text/javascript,${encodeURIComponent(hooks(importer))}`);
}

/** Runs in the thread that resolves imports. */
const hooks = (importer: string) => `
const own = ${JSON.stringify(importer)};
const importers = new Set([own]);
export async function resolve(specifier, context, next) {
  if (specifier === "@tutti/core") return next(specifier, { ...context, parentURL: own });
  const found = await next(specifier, context);
  if (!importers.has(context.parentURL) || !found.url.startsWith("file:") || found.url.includes("/node_modules/")) return found;
  importers.add(found.url);
  // tsx takes TypeScript for CommonJS where no package.json says otherwise; Node itself looks at the file
  return found.format === "commonjs" && /\\.ts(\\?|$)/.test(found.url) ? { ...found, format: "module" } : found;
}`;
