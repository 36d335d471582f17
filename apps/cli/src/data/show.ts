import { rm } from "node:fs/promises";
import { join } from "node:path";
import { formatCount, formatWhole } from "@tutti/core";
import type { DatasetCard } from "@tutti/data";
import { listing, table } from "../backbones/text.ts";
import { UsageError } from "../exitCodes.ts";

interface PlaceFlags {
  readonly datasets: string;
}

/** `tutti data list`. */
export async function listData({ datasets }: PlaceFlags): Promise<void> {
  const { tasks } = await import("@tutti/data");
  const cards = await cardsIn(datasets);
  const rows = cards.map(({ task, numRows, licence }) => [
    task.name,
    task.kind === "classification" ? formatCount(task.classes.length, "class", "classes") : task.kind,
    formatWhole(numRows.train),
    numRows.validation === null ? "-" : formatWhole(numRows.validation),
    formatWhole(numRows.test),
    licence,
  ]);
  if (rows.length > 0) console.log(table([["name", "kind", "train", "validation", "test", "licence"], ...rows]));
  const missing = tasks.map(({ name }) => name).filter((name) => !comesWithTutti(name) && !cards.some(({ task }) => task.name === name));
  console.log("feedback/sentiment, feedback/topic and replies come with Tutti.");
  if (missing.length > 0)
    console.log(`Built-in tasks that are not downloaded: ${missing.join(", ")}; \`tutti data add sst2\` fetches one.`);
}

/** `tutti data show`. */
export async function showData(name: string, { datasets, json }: PlaceFlags & { readonly json?: boolean }): Promise<void> {
  const card = await cardOf(datasets, name);
  if (json === true) return console.log(JSON.stringify(card));
  const { task, numRows, source, licence, notes } = card;
  console.log(
    listing([
      ["data set", `${name} (${join(datasets, name)})`],
      ["title", task.title],
      ["kind", kinds[task.kind]],
      ["source", source],
      ["licence", licence],
      ["training rows", formatWhole(numRows.train)],
      [
        "validation rows",
        numRows.validation === null
          ? "none: each run takes a tenth of the training rows, drawn with its seed"
          : formatWhole(numRows.validation),
      ],
      ["test rows", formatWhole(numRows.test)],
      ...askedAs(card),
      ["owners", task.fields.owner === null ? "none" : `each row has one, in the field ${task.fields.owner} of the files above`],
      ["metric", task.metric],
      ...notes.map((note): [string, string] => ["note", note]),
    ]),
  );
}

const kinds = {
  classification: "classification: a text to one of the classes",
  reply: "reply: a text to an answer",
  continuation: "continuation: plain text",
} as const;

function askedAs({ task, numByClass }: DatasetCard): [string, string][] {
  const counted = (names: readonly string[]) => names.map((label, index) => `${label} ${formatWhole(numByClass[index] ?? 0)}`).join(", ");
  if (task.kind === "classification") {
    const [prompt] = task.prompts;
    return [
      ["classes", counted(task.classes)],
      ["template", prompt?.template ?? "none"],
      ["label words", prompt?.labelWords.join(", ") ?? "none"],
    ];
  }
  const labels: [string, string] = ["labels", task.groups.length === 0 ? "none" : counted(task.groups)];
  if (task.kind === "continuation") return [labels];
  const { template } = task;
  return [labels, ["template", template.kind === "chat" ? "the checkpoint's chat template" : JSON.stringify(template.text)]];
}

/** `tutti data remove`. */
export async function removeData(name: string, { datasets }: PlaceFlags): Promise<void> {
  const { task } = await cardOf(datasets, name);
  await rm(join(datasets, task.dataset), { recursive: true });
  console.log(`Removed ${join(datasets, task.dataset)}.`);
}

async function cardsIn(datasets: string): Promise<DatasetCard[]> {
  const { readDatasetCards } = await import("@tutti/data/node");
  return readDatasetCards(datasets);
}

/** Data sets in the public folder that no `tutti data add` put there. */
const ownFolders = ["feedback", "replies"];

function comesWithTutti(name: string): boolean {
  return ownFolders.some((folder) => name === folder || name.startsWith(`${folder}/`));
}

async function cardOf(datasets: string, name: string): Promise<DatasetCard> {
  const { datasetFolder } = await import("@tutti/data");
  const cards = await cardsIn(datasets);
  const card = cards.find(({ task }) => task.name === name);
  if (card !== undefined) return card;
  if (comesWithTutti(name))
    throw new UsageError(
      `${name} comes with Tutti, in public/datasets/${datasetFolder(name)}: these commands are for data sets that were added`,
    );
  const names = cards.map(({ task }) => task.name).join(", ");
  throw new UsageError(`there is no added data set ${name} in ${datasets}; it holds ${names === "" ? "none" : names}`);
}
