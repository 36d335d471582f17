export { renderTable } from "./runTable.ts";
export { leftOutText, originText, planText, zeroShotNote } from "./sentences.ts";
export { listText, textsText, withRemarks } from "./text.ts";
