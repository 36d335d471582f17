export { renderTable } from "./runTable.ts";
export { leftOutText, planText } from "./sentences/plans.ts";
export { originText } from "./sentences/runs.ts";
export { zeroShotNote } from "./sentences/scores.ts";
export { listText, textsText, withRemarks } from "./text.ts";
export { metricNames } from "./words.ts";
