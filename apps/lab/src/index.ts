export { fetchFile, localUrls } from "./drive/localFiles.ts";
export { ensurePages } from "./drive/pages.ts";
export { loadAdapterScript, loadBrowserScript, loadPagesScript, projectFolder } from "./drive/scripts.ts";
export { takeFrames } from "./drive/websocketFrames.ts";
export type { DemoOptions } from "./run/demoConfig.ts";
export { readPromptsFile, type TunedPrompts, writePromptsFile } from "./run/promptsFile.ts";
export { type DemoEnd, runDemo } from "./run/runDemo.ts";
