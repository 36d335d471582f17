export { takeFrames } from "./drive/websocketFrames.ts";
export { ExperimentError, readExperiment } from "./experiment/experimentFile.ts";
export { joinLab } from "./run/joinLab.ts";
export { listExperiments, listRuns } from "./run/list.ts";
export { type LabClients, type LabOptions, labOptions } from "./run/options.ts";
export { type LabEnd, runExperiment } from "./run/runExperiment.ts";
