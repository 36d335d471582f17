export type { DemoOptions } from "./demo/demoConfig.ts";
export { writeWhole } from "./demo/demoConfig.ts";
export { ensurePages } from "./demo/pages.ts";
export { type DemoEnd, runDemo } from "./demo/runDemo.ts";
export { loadAdapterScript, loadBrowserScript, loadPagesScript, projectFolder } from "./demo/scripts.ts";
export { fetchFile, localUrls } from "./localFiles.ts";
export { hashParameters } from "./results/parametersHash.ts";
export { readPromptsFile, type TunedPrompts, writePromptsFile } from "./results/promptsFile.ts";
export type { RunReport, RunResult, Scores } from "./results/runResult.ts";
