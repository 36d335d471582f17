import {
  dataFileColumns,
  decodeText,
  findClassification,
  parseDataFile,
  parseDatasetCard,
  parseOwnExamples,
  readPublicTexts,
} from "@tutti/data";
import { compressors } from "@tutti/data/node";
import { corpusFile, projectFiles } from "./corpusFiles.ts";
import { byteTarget, jsonTarget } from "./readers.ts";
import type { LazyTarget } from "./target.ts";

const kept = "packages/data/src/testing";
const limits = { maxRows: 1000, maxCharacters: 1e6 };

function textFiles() {
  const samples = [
    ...projectFiles(kept, /\.(csv|tsv|jsonl)$/),
    ...["rows.csv", "rows.tsv", "rows.jsonl", "rows.json", "conversation.jsonl"].map(corpusFile),
  ];
  const task = findClassification("feedback/topic", "fuzzing");
  return byteTarget("CSV, TSV, JSON Lines and JSON", {
    samples,
    words: ['"', '""', ",", "\t", "\r\n", "text", "label", "sep=;", "__proto__", "\ufeff"],
    async read(bytes, random) {
      const name = `rows.${["csv", "tsv", "jsonl", "json"][random.integer(4)]}`;
      const way = random.integer(4);
      if (way === 0) return parseOwnExamples(name, bytes, task);
      if (way === 1) return readPublicTexts({ name, bytes });
      if (way === 2) return decodeText(bytes, name, limits);
      const { rows } = await parseDataFile(name, bytes, { limits });
      const columns = dataFileColumns(name, bytes);
      return JSON.stringify(rows.slice(0, 3)).length + columns.length;
    },
  });
}

function parquet() {
  return byteTarget("Parquet", {
    samples: projectFiles(kept, /\.parquet$/),
    async read(bytes, random) {
      if (random.integer(8) === 0) return dataFileColumns("rows.parquet", bytes);
      if (random.integer(8) === 0) return readPublicTexts({ name: "rows.parquet", bytes, compressors });
      return parseDataFile("rows.parquet", bytes, { limits, compressors });
    },
  });
}

function cards() {
  const card = {
    format: "tutti-dataset-1",
    task: {
      kind: "classification",
      ...{ name: "tickets", title: "Tickets", dataset: "tickets", files: { train: "train.jsonl", validation: null, test: "test.jsonl" } },
      fields: { text: "text", textB: null, label: "label", owner: "owner" },
      classes: ["help", "sales"],
      prompts: [{ template: "{text} . It was {mask} .", labelWords: ["help", "sales"] }],
      ...{ causalSuffix: "It was {word} .", metric: "macroF1", notes: ["A note."] },
    },
    ...{ numRows: { train: 9, validation: null, test: 3 }, numByClass: [4, 5], source: "tickets.csv", licence: "mine" },
    ...{ sha256: { "train.jsonl": "ab" }, notes: ["A note."] },
  };
  const task = {
    ...card.task,
    kind: "reply",
    fields: { text: "text", answer: "answer", turns: "turns", group: null, owner: null },
    groups: [],
    template: { kind: "text", text: "{text}\n{answer}" },
    metric: "rougeL",
  };
  return jsonTarget("dataset.json", { samples: [card, { ...card, task }], read: (text) => parseDatasetCard(text, "dataset.json") });
}

/** What `@tutti/data` reads. */
export const dataReaders: readonly LazyTarget[] = [
  { name: "CSV, TSV, JSON Lines and JSON", open: textFiles },
  { name: "Parquet", open: parquet },
  { name: "dataset.json", open: cards },
];
