import { type ClassificationTask, type ReplyTask, requireClassification, type TaskDefinition, validationReported } from "./task.ts";

const itWas = "{text} . It was {mask} .";
const about = "{text} topic : {mask} .";
const questionAndAnswer = "{text} ? {mask} , {textB}";
const oneText = { text: "text", textB: null, label: "label", owner: null };
const twoTexts = { ...oneText, textB: "textB" };
const threeFiles = { train: "train.jsonl", validation: "validation.jsonl", test: "test.jsonl" };
const twoFiles = { ...threeFiles, validation: null };

function feedback(
  label: "sentiment" | "topic",
): Pick<ClassificationTask, "kind" | "name" | "dataset" | "files" | "fields" | "metric" | "causalSuffix"> {
  return {
    kind: "classification",
    name: `feedback/${label}`,
    dataset: "feedback",
    files: threeFiles,
    fields: { text: "text", textB: null, label, owner: "domain" },
    metric: "accuracy",
    causalSuffix: "It was {word} .",
  };
}

function sentences(name: string, title: string): Omit<ClassificationTask, "classes" | "prompts"> {
  return {
    kind: "classification",
    name,
    title,
    dataset: name,
    files: threeFiles,
    fields: oneText,
    metric: "accuracy",
    causalSuffix: "It was {word} .",
  };
}

function pairs(name: string, title: string, classes: readonly [string, string]): ClassificationTask {
  return {
    kind: "classification",
    name,
    title,
    dataset: name,
    files: twoFiles,
    fields: twoTexts,
    metric: "accuracy",
    classes,
    prompts: [{ template: questionAndAnswer, labelWords: ["No", "Yes"] }],
    causalSuffix: "They are {word} .",
    notes: [validationReported],
  };
}

const opinions = { classes: ["negative", "positive"], prompts: [{ template: itWas, labelWords: ["terrible", "great"] }] };

/** The messages of `feedback`, each with a reply. */
const replies: ReplyTask = {
  kind: "reply",
  name: "replies",
  title: "Customer feedback: what would you reply?",
  dataset: "replies",
  files: threeFiles,
  fields: { text: "text", answer: "reply", turns: null, group: "topic", owner: "domain" },
  groups: ["delivery", "quality", "service", "price"],
  template: { kind: "text", text: "{text} reply : {answer}" },
  metric: "rougeL",
};

/** The built-in tasks with classes. Only the data set `feedback` comes with Tutti; `tutti data add` puts the others into folders of their names. */
export const classificationTasks: readonly ClassificationTask[] = [
  {
    ...feedback("sentiment"),
    title: "Customer feedback: is it praise or a complaint?",
    classes: ["negative", "positive"],
    prompts: [{ template: "{text} it was {mask} .", labelWords: ["terrible", "great"] }],
  },
  {
    ...feedback("topic"),
    title: "Customer feedback: what is it about?",
    classes: ["delivery", "quality", "service", "price"],
    prompts: [{ template: about, labelWords: ["delivery", "quality", "service", "price"] }],
  },
  { ...sentences("sst2", "SST-2: sentiment of film reviews"), ...opinions },
  { ...sentences("mr", "MR: sentiment of film reviews"), ...opinions },
  {
    ...sentences("mpqa", "MPQA: polarity of phrases"),
    ...opinions,
  },
  {
    ...sentences("cola", "CoLA: is the sentence acceptable English?"),
    files: twoFiles,
    metric: "matthews",
    classes: ["unacceptable", "acceptable"],
    prompts: [
      { template: itWas, labelWords: ["unacceptable", "acceptable"] },
      { template: itWas, labelWords: ["wrong", "right"] },
    ],
    notes: [validationReported],
  },
  {
    ...sentences("subj", "Subj: opinion or fact?"),
    classes: ["subjective", "objective"],
    prompts: [
      { template: itWas, labelWords: ["subjective", "objective"] },
      { template: "{text} . This is {mask} .", labelWords: ["opinion", "fact"] },
    ],
  },
  {
    ...sentences("trec", "TREC: what does the question ask for?"),
    classes: ["abbreviation", "description", "entity", "human", "location", "number"],
    prompts: [
      { template: "{mask} : {text}", labelWords: ["Expression", "Description", "Entity", "Human", "Location", "Number"] },
      { template: "{mask} : {text}", labelWords: ["Expression", "Description", "thing", "Human", "Location", "Number"] },
    ],
  },
  pairs("qnli", "QNLI: does the sentence answer the question?", ["not_entailment", "entailment"]),
  pairs("rte", "RTE: does the second text follow from the first?", ["not_entailment", "entailment"]),
  { ...pairs("mrpc", "MRPC: do both sentences say the same?", ["different", "paraphrase"]), metric: "meanOfAccuracyAndF1" },
  pairs("boolq", "BoolQ: yes or no, given a passage", ["no", "yes"]), // the passage is the first text, before the question
  {
    ...sentences("ag_news", "AG News: what is the article about?"),
    classes: ["World", "Sports", "Business", "Sci/Tech"],
    prompts: [{ template: about, labelWords: ["World", "Sports", "Business", "Technology"] }],
  },
];

/** The built-in tasks. The data sets of the text tasks come with Tutti. */
export const tasks: readonly TaskDefinition[] = [...classificationTasks, replies];

const added = new Map<string, TaskDefinition>();

/** Makes a task known to `findTask` in this process or tab; the built-in ones stay what they are. */
export function rememberTask(task: TaskDefinition): void {
  if (tasks.some(({ name }) => name === task.name)) throw new Error(`${task.name} is a built-in task: give yours another name`);
  added.set(task.name, task);
}

/** The built-in or remembered task of this name; throws with the names that there are. */
export function findTask(name: string): TaskDefinition {
  const known = [...tasks, ...added.values()];
  const task = known.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  const names = known.map((candidate) => candidate.name).join(", ");
  throw new Error(`there is no task "${name}"; the tasks are ${names}. \`tutti data add\` makes one of a file`);
}

/** The built-in or remembered classification task of this name; throws, beginning with what cannot be done, where it is of another kind. */
export function findClassification(name: string, what: string): ClassificationTask {
  return requireClassification(findTask(name), what);
}

/** The folder of a task's data set under the data sets' base address: the name up to its slash. */
export function datasetFolder(taskName: string): string {
  return taskName.split("/", 1)[0] ?? taskName;
}
