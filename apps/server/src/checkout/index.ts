export { ensurePages } from "./pages.ts";
export { isCheckout, loadAdapterScript, loadBrowserScript, loadPagesScript, projectFolder } from "./scripts.ts";
