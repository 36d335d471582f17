import type { ChatTurn, TextExample } from "./example.ts";
import type { Prompter } from "./prompter.ts";
import type { AnswerTemplate, TextTask } from "./task.ts";

/**
 * Makes the prompter of a task. `tokenizerConfig` is the text of the checkpoint's tokenizer_config.json; throws a sentence where the task asks
 * for a chat template and the checkpoint has none.
 */
export async function createPrompter(task: TextTask, tokenizerConfig: string | null): Promise<Prompter> {
  if (task.kind === "continuation") return ({ text }) => ({ prompt: "", answer: text, isChat: false });
  if (task.template.kind === "text") return createTextPrompter(task.template.text);
  const { createChatPrompter } = await import("./chatTemplate.ts");
  return createChatPrompter(task.name, tokenizerConfig);
}

function createTextPrompter(template: string): Prompter {
  requireAnswerTemplate(template, "template");
  const beforeAnswer = template.slice(0, -answerPlace.length);
  const lead = beforeAnswer.trimEnd();
  // spaces belong to the word behind them, line breaks to the prompt
  const space = /[^\S\n]*$/.exec(beforeAnswer)?.[0] ?? "";
  const untilAnswer = space.length === beforeAnswer.length - lead.length ? lead : beforeAnswer.slice(0, beforeAnswer.length - space.length);
  return (example) => {
    const answer = example.kind === "reply" ? example.answer : "";
    return { prompt: untilAnswer.replace("{text}", () => textWithTurns(example)), answer: `${space}${answer}`, isChat: false };
  };
}

const answerPlace = "{answer}";

/** Throws where a template does not hold `{text}` once and end with `{answer}`. */
export function requireAnswerTemplate(template: string, place: string): void {
  const places = template.match(/\{\w+\}/g) ?? [];
  const isRight = places.length === 2 && places[0] === "{text}" && template.endsWith(answerPlace);
  if (!isRight) throw new Error(`${place} "${template}" must hold {text} once, then {answer} at its end, and no other place in braces`);
}

/** Without a chat template earlier turns are lines before the text. */
function textWithTurns(example: TextExample): string {
  const turns: readonly ChatTurn[] = example.kind === "reply" ? (example.turns ?? []) : [];
  return [...turns.map(({ content }) => content), example.text].join("\n");
}

/** A template as `tutti data add --template` takes it: `chat`, or text with its places. */
export function answerTemplateOf(given: string, place: string): AnswerTemplate {
  if (given === "chat") return { kind: "chat" };
  const text = given.replaceAll("\\n", "\n");
  requireAnswerTemplate(text, place);
  return { kind: "text", text };
}
