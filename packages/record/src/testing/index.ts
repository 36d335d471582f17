export { exampleRun } from "./exampleRun.ts";
export { exampleTextRun } from "./exampleTextRun.ts";
export { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSource, simulatedSplits } from "./simulatedExperiment.ts";
