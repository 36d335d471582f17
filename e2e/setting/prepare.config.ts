import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { computeAdmission, startBackend } from "@tutti/model";
import { addAdmission, convertBackbone } from "@tutti/model/node";
import { loadPagesScript } from "@tutti/server/checkout";
import { places, projectFolder } from "./places.ts";
import { writeTinyCheckpoint } from "./tinyBackbone.ts";

/** Rows that stay of each split; of about one length, so that a software GPU has few shapes to compile for. */
const numRows = { train: 48, validation: 8, test: 24 };
const wantedCharacters = 36; // 9 to 16 tokens

/** Playwright calls this once: builds the pages and everything that the tests serve. */
export default async function prepare(): Promise<void> {
  await rm(places.runs, { recursive: true, force: true });
  await (await loadPagesScript()).buildPages({ outDir: places.pages, hasVerifyPage: true });
  await cp(join(projectFolder, "packages/model/golden/roberta"), join(places.pages, "golden/roberta"), { recursive: true });
  await Promise.all([makeData(), makeBackbone()]);
}

async function makeData(): Promise<void> {
  const [from, to] = [places.realPublic, places.tinyPublic].map((folder) => join(folder, "datasets/feedback"));
  if (from === undefined || to === undefined) return;
  await mkdir(to, { recursive: true });
  for (const [split, count] of Object.entries(numRows)) {
    const lines = (await readFile(join(from, `${split}.jsonl`), "utf8")).trim().split("\n");
    const distance = (line: string) => Math.abs(JSON.parse(line).text.length - wantedCharacters);
    const kept = [...lines].sort((a, b) => distance(a) - distance(b) || (a < b ? -1 : 1)).slice(0, count);
    await writeFile(join(to, `${split}.jsonl`), `${kept.join("\n")}\n`);
  }
}

async function makeBackbone(): Promise<void> {
  const minuet = join(places.realPublic, "backbones/minuet");
  const checkpoint = join(places.tinyPublic, "checkpoint");
  const [tokenizer, tokenizerConfig] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map((name) => readFile(join(minuet, name), "utf8")),
  );
  await writeTinyCheckpoint(checkpoint, tokenizer ?? "", tokenizerConfig ?? "");
  const backbone = join(places.tinyPublic, "backbones/tiny");
  await convertBackbone(checkpoint, backbone, { name: "tiny", encoding: "f32", source: "random", licence: "Apache-2.0" });
  await startBackend("cpu");
  await addAdmission(backbone, computeAdmission);
}
