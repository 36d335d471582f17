export { type Comparison, compareExperiments } from "./experiment/compare.ts";
export { renderComparison } from "./experiment/comparisonText.ts";
export { writeReport, writeResultsPage } from "./experiment/index.ts";
export { readExperimentResult } from "./experiment/readResult.ts";
export { listText, textsText, withRemarks } from "./experiment/text.ts";
export { renderReport } from "./run/report.ts";
export { renderTable, zeroShotNote } from "./run/resultTable.ts";
