export { takeFrames } from "./drive/websocketFrames.ts";
export type { DemoOptions } from "./run/demoConfig.ts";
export { joinLab } from "./run/joinLab.ts";
export { listExperiments, listRuns } from "./run/list.ts";
export { type LabClients, type LabOptions, labOptions } from "./run/options.ts";
export { type DemoEnd, runDemo } from "./run/runDemo.ts";
export { type LabEnd, runExperiment } from "./run/runExperiment.ts";
