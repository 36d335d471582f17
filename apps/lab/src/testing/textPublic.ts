import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const numRows = { train: 32, validation: 8, test: 12 };

/** Fills a public folder with the project's own etude and concerto, which answer with text, and a few rows of `replies`. */
export async function writeTextPublic(folder: string): Promise<void> {
  await mkdir(join(folder, "backbones"), { recursive: true });
  for (const name of ["etude", "concerto"]) await symlink(join(project, "public/backbones", name), join(folder, "backbones", name));
  await writeReplies(folder);
}

/** A few rows of `replies`. */
export async function writeReplies(folder: string): Promise<void> {
  const to = join(folder, "datasets/replies");
  await mkdir(to, { recursive: true });
  for (const [split, count] of Object.entries(numRows)) {
    const lines = (await readFile(join(project, "public/datasets/replies", `${split}.jsonl`), "utf8")).split("\n");
    await writeFile(join(to, `${split}.jsonl`), `${lines.slice(0, count).join("\n")}\n`);
  }
}
