export { ensurePages } from "./pages.ts";
export { isCheckout, loadAdapterScript, loadBrowserScript, loadPagesScript, projectFolder, publicFolder } from "./scripts.ts";
