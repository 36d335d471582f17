import { rm } from "node:fs/promises";
import { join } from "node:path";
import { formatWhole } from "@tutti/core";
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
    String(task.classes.length),
    formatWhole(numRows.train),
    numRows.validation === null ? "-" : formatWhole(numRows.validation),
    formatWhole(numRows.test),
    licence,
  ]);
  if (rows.length > 0) console.log(table([["name", "classes", "train", "validation", "test", "licence"], ...rows]));
  const missing = tasks
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("feedback/") && !cards.some(({ task }) => task.name === name));
  console.log("feedback/sentiment and feedback/topic come with Tutti.");
  if (missing.length > 0)
    console.log(`Built-in tasks that are not downloaded: ${missing.join(", ")}; \`tutti data add sst2\` fetches one.`);
}

/** `tutti data show`. */
export async function showData(name: string, { datasets, json }: PlaceFlags & { readonly json?: boolean }): Promise<void> {
  const card = await cardOf(datasets, name);
  if (json === true) return console.log(JSON.stringify(card));
  const { task, numRows, numByClass, source, licence, notes } = card;
  const [prompt] = task.prompts;
  console.log(
    listing([
      ["data set", `${name} (${join(datasets, name)})`],
      ["title", task.title],
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
      ["classes", task.classes.map((label, index) => `${label} ${formatWhole(numByClass[index] ?? 0)}`).join(", ")],
      ["template", prompt?.template ?? "none"],
      ["label words", prompt?.labelWords.join(", ") ?? "none"],
      ["owners", task.fields.owner === null ? "none" : `each row has one, in the field ${task.fields.owner} of the files above`],
      ["metric", task.metric],
      ...notes.map((note): [string, string] => ["note", note]),
    ]),
  );
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

async function cardOf(datasets: string, name: string): Promise<DatasetCard> {
  const cards = await cardsIn(datasets);
  const card = cards.find(({ task }) => task.name === name);
  if (card !== undefined) return card;
  if (name === "feedback" || name.startsWith("feedback/"))
    throw new UsageError(`${name} comes with Tutti, in public/datasets/feedback: these commands are for data sets that were added`);
  const names = cards.map(({ task }) => task.name).join(", ");
  throw new UsageError(`there is no added data set ${name} in ${datasets}; it holds ${names === "" ? "none" : names}`);
}
