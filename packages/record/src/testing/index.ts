export { exampleReport } from "./exampleReport.ts";
export { simulatedComparison, simulatedExperiment, simulatedRun, simulatedSource, simulatedSplits } from "./simulatedExperiment.ts";
