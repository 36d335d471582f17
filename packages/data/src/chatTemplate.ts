import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import type { ChatTurn, TextExample } from "./example.ts";
import type { Prompter } from "./prompter.ts";

/** Asks as the checkpoint's own chat template does; throws where its tokenizer_config.json has none, or one that cannot be read. */
export function createChatPrompter(taskName: string, tokenizerConfig: string | null): Prompter {
  const config = configOf(tokenizerConfig);
  const source = templateOf(config);
  if (source === null)
    throw new Error(
      `${taskName} asks with the checkpoint's chat template, and this backbone has none: its tokenizer_config.json has no chat_template; choose an instruct checkpoint, or give the task a template of text with \`tutti data add … --template "{text}\\n{answer}"\``,
    );
  const template = parsed(source);
  const endToken = tokenText(config.eos_token);
  const render = (turns: readonly ChatTurn[], isAsking: boolean) => rendered(template, config, turns, isAsking);
  const clean = cleaner(writtenSpecials(config));
  return (example) => {
    const turns = turnsOf(example, clean);
    const answer = example.kind === "reply" ? clean(example.answer) : "";
    const prompt = render(turns, true);
    const whole = render([...turns, { role: "assistant", content: answer }], false);
    const behind = whole.startsWith(prompt) ? whole.slice(prompt.length) : `${answer}${endToken}`;
    return { prompt, answer: untilEnd(behind, endToken), isChat: true };
  };
}

type Config = Readonly<Record<string, unknown>>;

function configOf(text: string | null): Config {
  const found: unknown = JSON.parse(text ?? "{}");
  return isRecord(found) ? found : {};
}

/** One template, or several by name, of which `default` is the one for conversations. */
function templateOf({ chat_template: found }: Config): string | null {
  if (typeof found === "string") return found;
  if (!Array.isArray(found)) return null;
  const named = found.filter(isRecord).find(({ name }) => name === "default");
  return typeof named?.template === "string" ? named.template : null;
}

type Template = ReturnType<typeof parse>;

function parsed(source: string): Template {
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })); // as transformers sets jinja up
  } catch (cause) {
    throw new Error(`the checkpoint's chat template cannot be read (${reason(cause)}): give the task a template of text`, { cause });
  }
}

/** What templates print where they print a date: the same text on any day, so that a run's numbers do not change. */
const fixedDate = "26 Jul 2024";

const globals = {
  ...{ true: true, True: true, false: false, False: false, none: null, None: null },
  date_string: fixedDate,
  strftime_now: () => fixedDate,
  raise_exception(message: string) {
    throw new Error(message);
  },
  range,
};

/** Python's, which jinja brings. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = typeof second === "number" ? [first, second] : [0, first];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function rendered(template: Template, config: Config, messages: readonly ChatTurn[], isAsking: boolean): string {
  const tokens = Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (name.endsWith("_token") ? [[name, tokenText(value)]] : [])),
  );
  const environment = new Environment();
  const variables = { ...globals, ...tokens, messages: messages.map((message) => ({ ...message })), add_generation_prompt: isAsking };
  for (const [name, value] of Object.entries(variables)) environment.set(name, value);
  try {
    return String(new Interpreter(environment).run(template).value);
  } catch (cause) {
    throw new Error(`the checkpoint's chat template refuses this conversation (${reason(cause)}): give the task a template of text`, {
      cause,
    });
  }
}

function turnsOf(example: TextExample, clean: (text: string) => string): ChatTurn[] {
  const before = example.kind === "reply" ? (example.turns ?? []) : [];
  return [...before, { role: "user" as const, content: example.text }].map(({ role, content }) => ({ role, content: clean(content) }));
}

/** Line breaks that a template puts behind the token that ends an answer are no part of it. */
function untilEnd(text: string, endToken: string): string {
  const at = endToken === "" ? -1 : text.lastIndexOf(endToken);
  return at === -1 ? text : text.slice(0, at + endToken.length);
}

/** Special tokens that a person's text could otherwise bring into the conversation. */
function writtenSpecials(config: Config): string[] {
  const added = isRecord(config.added_tokens_decoder) ? Object.values(config.added_tokens_decoder) : [];
  const named = Object.entries(config).flatMap(([name, value]) => (name.endsWith("_token") ? [value] : []));
  const more = Array.isArray(config.additional_special_tokens) ? config.additional_special_tokens : [];
  const found = [...added.filter((token) => isRecord(token) && token.special === true), ...named, ...more].map(tokenText);
  return [...new Set(found)].filter((text) => text !== "").sort((a, b) => b.length - a.length);
}

/** Again until none is left, since what stands around one can make another. */
function cleaner(specials: readonly string[]): (text: string) => string {
  const without = (text: string) => specials.reduce((rest, special) => rest.replaceAll(special, ""), text);
  return (text) => {
    let cleaned = text;
    for (let before = ""; before !== cleaned; ) {
      before = cleaned;
      cleaned = without(before);
    }
    return cleaned;
  };
}

function tokenText(token: unknown): string {
  if (typeof token === "string") return token;
  return isRecord(token) && typeof token.content === "string" ? token.content : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
