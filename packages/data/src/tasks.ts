import type { TaskDefinition } from "./task.ts";

const itWas = "{text} . It was {mask} .";
const questionAndAnswer = "{text} ? {mask} , {textB}";
const oneText = { text: "a", textB: null, label: "y", owner: null };
const twoTexts = { text: "a", textB: "b", label: "y", owner: null };
const threeFiles = { train: "train.jsonl", validation: "dev.jsonl", test: "test.jsonl" };
/** The test labels are not public, so the development split is what is reported. */
const devAsTest = { train: "train.jsonl", validation: null, test: "dev.jsonl" };

function feedback(label: "sentiment" | "topic"): Pick<TaskDefinition, "name" | "dataset" | "files" | "fields" | "metric" | "causalSuffix"> {
  return {
    name: `feedback/${label}`,
    dataset: "feedback",
    files: { train: "train.jsonl", validation: "validation.jsonl", test: "test.jsonl" },
    fields: { text: "text", textB: null, label, owner: "domain" },
    metric: "accuracy",
    causalSuffix: "It was {word} .",
  };
}

function sentences(name: string, title: string): Omit<TaskDefinition, "classes" | "prompts"> {
  return {
    name,
    title,
    dataset: name,
    files: threeFiles,
    fields: oneText,
    metric: "accuracy",
    causalSuffix: "It was {word} .",
  };
}

function pairs(name: string, title: string, classes: readonly [string, string]): TaskDefinition {
  return {
    name,
    title,
    dataset: name,
    files: devAsTest,
    fields: twoTexts,
    metric: "accuracy",
    classes,
    prompts: [{ template: questionAndAnswer, labelWords: ["No", "Yes"] }],
    causalSuffix: "They are {word} .",
  };
}

const opinions = { classes: ["negative", "positive"], prompts: [{ template: itWas, labelWords: ["terrible", "great"] }] };

/** The built-in tasks. Only the data set `feedback` comes with Tutti; the others are expected in folders of their names. */
export const tasks: readonly TaskDefinition[] = [
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
    prompts: [{ template: "{text} topic : {mask} .", labelWords: ["delivery", "quality", "service", "price"] }],
  },
  { ...sentences("sst2", "SST-2: sentiment of film reviews"), ...opinions },
  { ...sentences("mr", "MR: sentiment of film reviews"), ...opinions },
  { ...sentences("mpqa", "MPQA: polarity of phrases"), ...opinions },
  {
    ...sentences("cola", "CoLA: is the sentence acceptable English?"),
    files: devAsTest,
    metric: "matthews",
    classes: ["unacceptable", "acceptable"],
    prompts: [
      { template: itWas, labelWords: ["unacceptable", "acceptable"] },
      { template: itWas, labelWords: ["wrong", "right"] },
    ],
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
  {
    ...pairs("qnli", "QNLI: does the sentence answer the question?", ["not_entailment", "entailment"]),
    files: { ...devAsTest, train: "train_10k.jsonl" },
  },
  pairs("rte", "RTE: does the second text follow from the first?", ["not_entailment", "entailment"]),
  { ...pairs("mrpc", "MRPC: do both sentences say the same?", ["different", "paraphrase"]), metric: "meanOfAccuracyAndF1" },
  {
    ...pairs("boolq", "BoolQ: yes or no, given a passage", ["no", "yes"]),
    files: { ...devAsTest, train: "train_2k.jsonl" },
    fields: { ...twoTexts, text: "b", textB: "a" }, // the passage stands before the question
  },
];

/** The built-in task of this name; throws with the names that there are. */
export function findTask(name: string): TaskDefinition {
  const task = tasks.find((candidate) => candidate.name === name);
  if (task === undefined)
    throw new Error(`there is no task "${name}"; the tasks are ${tasks.map((candidate) => candidate.name).join(", ")}`);
  return task;
}
