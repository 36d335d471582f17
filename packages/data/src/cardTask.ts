import type { Metric, TextMetric } from "@tutti/core";
import { fileName, list, oneOf, record, string, stringOrNull, strings } from "./cardFields.ts";
import { requireAnswerTemplate } from "./promptedText.ts";
import type { AnswerTemplate, ClassificationTask, ContinuationTask, ReplyTask, TaskDefinition, TaskPrompt } from "./task.ts";

const metrics: readonly Metric[] = ["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1"];

/** What a text task can be judged by. */
export const textMetrics: readonly TextMetric[] = ["perplexity", "tokenAccuracy", "exactMatch", "rougeL"];

/** The task in a card; one that does not say its kind is of classification, as all were before there were others. */
export function taskOf(value: unknown, place: string): TaskDefinition {
  const task = record(value, place);
  const kind = oneOf(["classification", "reply", "continuation"], task.kind ?? "classification", `${place}.kind`);
  switch (kind) {
    case "classification":
      return classificationOf(task, place);
    case "reply":
      return replyOf(task, place);
    case "continuation":
      return continuationOf(task, place);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function sharedOf(task: Fields, place: string) {
  const files = record(task.files, `${place}.files`);
  return {
    name: string(task.name, `${place}.name`),
    title: string(task.title, `${place}.title`),
    dataset: fileName(task.dataset, `${place}.dataset`),
    files: {
      train: fileName(files.train, `${place}.files.train`),
      validation: files.validation === null ? null : fileName(files.validation, `${place}.files.validation`),
      test: fileName(files.test, `${place}.files.test`),
    },
    ...(task.notes === undefined ? {} : { notes: strings(task.notes, `${place}.notes`) }),
  };
}

function classificationOf(task: Fields, place: string): ClassificationTask {
  const fields = record(task.fields, `${place}.fields`);
  const classes = strings(task.classes, `${place}.classes`);
  return {
    kind: "classification",
    ...sharedOf(task, place),
    fields: {
      text: string(fields.text, `${place}.fields.text`),
      textB: stringOrNull(fields.textB, `${place}.fields.textB`),
      label: string(fields.label, `${place}.fields.label`),
      owner: stringOrNull(fields.owner, `${place}.fields.owner`),
    },
    classes,
    prompts: list(task.prompts, `${place}.prompts`).map((prompt) => promptOf(prompt, classes, `${place}.prompts`)),
    causalSuffix: string(task.causalSuffix, `${place}.causalSuffix`),
    metric: oneOf(metrics, task.metric, `${place}.metric`),
  };
}

function replyOf(task: Fields, place: string): ReplyTask {
  const fields = record(task.fields, `${place}.fields`);
  return {
    kind: "reply",
    ...sharedOf(task, place),
    fields: {
      text: string(fields.text, `${place}.fields.text`),
      answer: string(fields.answer, `${place}.fields.answer`),
      turns: stringOrNull(fields.turns, `${place}.fields.turns`),
      group: stringOrNull(fields.group, `${place}.fields.group`),
      owner: stringOrNull(fields.owner, `${place}.fields.owner`),
    },
    groups: strings(task.groups, `${place}.groups`),
    template: answerTemplateIn(task.template, `${place}.template`),
    metric: oneOf(textMetrics, task.metric, `${place}.metric`),
  };
}

function continuationOf(task: Fields, place: string): ContinuationTask {
  const fields = record(task.fields, `${place}.fields`);
  return {
    kind: "continuation",
    ...sharedOf(task, place),
    fields: {
      text: string(fields.text, `${place}.fields.text`),
      group: stringOrNull(fields.group, `${place}.fields.group`),
      owner: stringOrNull(fields.owner, `${place}.fields.owner`),
    },
    groups: strings(task.groups, `${place}.groups`),
    metric: oneOf(textMetrics, task.metric, `${place}.metric`),
  };
}

function answerTemplateIn(value: unknown, place: string): AnswerTemplate {
  const template = record(value, place);
  const kind = oneOf(["text", "chat"], template.kind, `${place}.kind`);
  if (kind === "chat") return { kind };
  const text = string(template.text, `${place}.text`);
  requireAnswerTemplate(text, `${place}.text`);
  return { kind, text };
}

function promptOf(value: unknown, classes: readonly string[], place: string): TaskPrompt {
  const prompt = record(value, place);
  const labelWords = strings(prompt.labelWords, `${place}.labelWords`);
  if (labelWords.length !== classes.length) throw new Error(`${place}: ${labelWords.length} label words for ${classes.length} classes`);
  return { template: string(prompt.template, `${place}.template`), labelWords };
}
