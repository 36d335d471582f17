import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { labelsTaskName } from "@tutti/data";
import { limits } from "@tutti/protocol";
import { UsageError } from "../exitCodes.ts";

/** The task that labels make. */
export interface ClassLabels {
  readonly task: string;
  readonly labels: NonNullable<RunSettings["labels"]>;
  /** What the teacher should know of the labels' words, in sentences. */
  readonly notes: readonly string[];
}

/** Parses `--labels "happy,sad"`; throws a UsageError that says what is wrong. */
export function parseLabels(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.normalize("NFC").trim().replaceAll(/\s+/gu, " "));
  if (names.some((name) => name === "")) throw new UsageError('--labels: found an empty label; give them as "happy,sad"');
  const { maxLabels, maxLabel } = limits;
  if (names.length < 2) throw new UsageError(`--labels: found one label, "${names[0]}"; there must be two or more to tell apart`);
  if (names.length > maxLabels) throw new UsageError(`--labels: found ${names.length} labels; a class can tell at most ${maxLabels} apart`);
  const long = names.find((name) => [...name].length > maxLabel || name.length > maxLabel);
  if (long !== undefined)
    throw new UsageError(`--labels: "${long.slice(0, maxLabel)}…" is too long; a label has at most ${maxLabel} characters`);
  const control = names.find((name) => /\p{Cc}/u.test(name));
  if (control !== undefined) throw new UsageError("--labels: a label holds a character that cannot be shown; type it again");
  const twin = names.find((name, index) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) !== index);
  if (twin !== undefined) throw new UsageError(`--labels: "${twin}" is there twice, if only in another case; make the labels different`);
  return names;
}

/** The labels with their words on a backbone of a public folder. */
export async function classLabels(text: string, backbone: string, publicFolder: string): Promise<ClassLabels> {
  const names = parseLabels(text);
  const folder = join(publicFolder, "backbones", backbone);
  const [{ chooseLabelWords, createTokenizer }, json, config] = await Promise.all([
    import("@tutti/model"),
    readFile(join(folder, "tokenizer.json"), "utf8"),
    readFile(join(folder, "tokenizer_config.json"), "utf8"),
  ]).catch((cause: unknown) => {
    throw new UsageError(`--labels: backbone ${backbone} has no tokenizer in ${folder}, which labels need`, { cause });
  });
  const chosen = chooseLabelWords(names, createTokenizer(json, config));
  const notes = chosen
    .filter(({ isOwn }) => !isOwn)
    .map(({ name, word }) => `${backbone} has no word for "${name}": it answers with "${word}", which means nothing to it before training`);
  const labels = chosen.map(({ name, word }) => ({ name, word }));
  return { task: labelsTaskName(labels), labels, notes };
}
