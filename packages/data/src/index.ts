export { parseCsv } from "./csv.ts";
export { type FetchText, heldOutFraction, holdOut, loadDataset } from "./dataset.ts";
export type { Dataset, Example } from "./example.ts";
export { parseOwnExamples, rowsToExamples } from "./examples.ts";
export { parseJsonl } from "./jsonl.ts";
export { defaultRowLimits, type Row, type RowLimits } from "./rows.ts";
export type { TaskDefinition, TaskPrompt } from "./task.ts";
export { findTask, tasks } from "./tasks.ts";
