export { ensurePages } from "./pages.ts";
export { loadAdapterScript, loadBrowserScript, loadPagesScript, projectFolder } from "./scripts.ts";
