export { dataFileColumns } from "./columns.ts";
export { parseCsv, readCsv } from "./csv.ts";
export { type DataFile, dataFileExtensions, parseDataFile } from "./dataFile.ts";
export { drawExamples, type FetchText, heldOutFraction, holdOut, loadDataset } from "./dataset.ts";
export { cardFile, cardFormat, type DatasetCard, fetchTask, parseDatasetCard } from "./datasetCard.ts";
export { dealDataset, dealDatasetSkewed, requireDealable } from "./dealing.ts";
export { decodeText, encodingOf, numUtf8Characters } from "./decodeText.ts";
export type { ChatTurn, ContinuationExample, Dataset, Example, ReplyExample, TextExample } from "./example.ts";
export { type OwnExamples, parseOwnExamples, rowsToExamples } from "./examples.ts";
export { type Fault, type FaultKind, FaultyRows } from "./faults.ts";
export { type FileTask, type FileTaskOptions, fileTask, rowOf } from "./fileTask.ts";
export { type FileTextOptions, type FileTextTask, fileTextTask, textRowOf } from "./fileTextTask.ts";
export { parseJsonl, readJsonl } from "./jsonl.ts";
export { labelsTask, labelsTaskName, maxKeptBack, type RunLabel, rememberLabels, taskOfRun, withKeptBack } from "./labelsTask.ts";
export { type SeenLabelWords, seenLabelWords } from "./labelWords.ts";
export { columnsNeeded, layoutNames, type ReplyColumns, replyLayout } from "./layouts.ts";
export { knownOverlaps, type Overlap, refuseOverlap } from "./overlaps.ts";
export { type ParquetOptions, type ParquetTable, parseParquet } from "./parquet.ts";
export { type Parts, type SourceParts, type SourceRows, testFraction } from "./parts.ts";
export { answerTemplateOf, createPrompter } from "./promptedText.ts";
export type { PromptedText, Prompter } from "./prompter.ts";
export {
  type PublicTextFile,
  type PublicTexts,
  publicTextExamples,
  publicTexts,
  readPublicTexts,
  requireSameKind,
} from "./publicTexts.ts";
export { defaultRowLimits, type Row, type RowLimits, type RowsRead, requireLength } from "./rows.ts";
export { normalisedText, type SharedText, sharedText, textIndex } from "./sharedText.ts";
export { type HubSource, partialNote, type SourceColumns, type TaskSource, taskSources } from "./sources.ts";
export {
  type AnswerTemplate,
  type ClassificationTask,
  type ContinuationTask,
  numClassesOf,
  type ReplyTask,
  requireClassification,
  requireTextTask,
  type TaskDefinition,
  type TaskPrompt,
  type TextTask,
} from "./task.ts";
export { classificationTasks, datasetFolder, findClassification, findTask, rememberTask, tasks } from "./tasks.ts";
export { rowsToTextExamples } from "./textExamples.ts";
export { isTextFile, readTextFile, textExtensions } from "./textFile.ts";
