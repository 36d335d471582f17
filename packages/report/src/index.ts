export { renderComparison } from "./comparisonText.ts";
export { roundCurve } from "./figures/roundCurve.ts";
export { writeReport, writeResultsPage, writeRunReport } from "./files.ts";
export { renderPage } from "./page.tsx";
export { readExperimentResult } from "./readResult.ts";
export { renderTable } from "./runTable.ts";
export { originText, zeroShotNote } from "./sentences.ts";
export { listText, textsText, withRemarks } from "./text.ts";
export { stylesheet } from "./theme.ts";
