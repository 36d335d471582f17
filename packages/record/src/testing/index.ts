export { exampleRun } from "./exampleRun.ts";
export { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSource, simulatedSplits } from "./simulatedExperiment.ts";
