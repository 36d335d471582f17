export { leftOutText, planText } from "./planSentences.ts";
export { renderTable } from "./runTable.ts";
export { originText, zeroShotNote } from "./sentences.ts";
export { listText, textsText, withRemarks } from "./text.ts";
export { metricNames } from "./words.ts";
