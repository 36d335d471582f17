import * as nodeModule from "node:module";

/** In newer Node, hooks in this thread: these come before those of an older kind. */
type RegisterHooks = (hooks: { readonly resolve: unknown }) => void;

let added: Promise<void> | null = null;

/**
 * From here on, in this process, `@tutti/core` is the coordinator's own wherever the file that imports it lies, and TypeScript that `importer` imports,
 * and so on, is read as an ES module even where no package.json says so.
 */
export function addImportHooks(importer: string): Promise<void> {
  added ??= add(importer);
  return added;
}

async function add(importer: string): Promise<void> {
  const url = `data:text/javascript,${encodeURIComponent(hooks(importer))}`;
  const { registerHooks } = nodeModule as { readonly registerHooks?: RegisterHooks };
  if (registerHooks === undefined) nodeModule.register(url);
  else registerHooks({ resolve: (await import(/* @vite-ignore */ url)).resolve });
}

/** A module by itself, since older Node runs it in another thread, and with promises. */
const hooks = (importer: string) => `
const own = ${JSON.stringify(importer)};
const importers = new Set([own]);
export function resolve(specifier, context, next) {
  if (specifier === "@tutti/core") return next(specifier, { ...context, parentURL: own });
  const found = next(specifier, context);
  return found instanceof Promise ? found.then((one) => adapt(one, context)) : adapt(found, context);
}
function adapt(found, { parentURL }) {
  if (!importers.has(parentURL) || !found.url.startsWith("file:") || found.url.includes("/node_modules/")) return found;
  importers.add(found.url);
  // tsx takes TypeScript for CommonJS where no package.json says otherwise; Node itself looks at the file
  return found.format === "commonjs" && /\\.ts(\\?|$)/.test(found.url) ? { ...found, format: "module" } : found;
}`;
