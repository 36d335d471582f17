import { register } from "node:module";

let isRegistered = false;

/** From here on `@tutti/core` is the coordinator's own for everyone in this process, wherever the file that imports it lies. */
export function shareCore(): void {
  if (isRegistered) return;
  isRegistered = true;
  register(`data:text/javascript,${encodeURIComponent(hook(import.meta.url))}`);
}

/** Runs in the thread that resolves imports. */
const hook = (ownUrl: string) => `
export function resolve(specifier, context, next) {
  return next(specifier, specifier === "@tutti/core" ? { ...context, parentURL: ${JSON.stringify(ownUrl)} } : context);
}`;
