import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTask, loadDataset, parseDatasetCard, requireClassification } from "@tutti/data";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "../exitCodes.ts";
import { createProgram } from "../program.ts";
import { type DatasetHub, type DatasetHubOptions, startDatasetHub } from "../testing/datasetHub.ts";
import { addData } from "./add.ts";

let folder: string;
let datasets: string;
let hub: DatasetHub | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-cli-data-"));
  datasets = join(folder, "datasets");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub?.close();
  hub = null;
  await rm(folder, { recursive: true });
});

/** What a command prints; rejects as the command does. */
async function tutti(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    const downloads = words[1] === "add" ? ["--downloads", join(folder, "downloads")] : [];
    await createProgram().parseAsync([...words, "--datasets", datasets, ...downloads], { from: "user" });
    return lines.join("\n");
  } finally {
    spy.mockRestore();
  }
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  return path;
}

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const cardOf = async (name: string) => parseDatasetCard(await readFile(join(datasets, name, "dataset.json"), "utf8"));
const classesOf = async (name: string) => {
  const card = await cardOf(name);
  return { ...card, task: requireClassification(card.task, "this test") };
};
const rowsOf = async (name: string, split: string) =>
  (await readFile(join(datasets, name, split), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const tickets = `message;team;branch
"It broke; again";help;north
Too dear;sales;south
Any discount?;sales;north
Where is it?;help;south
Thanks;help;west
`;

test("a file of named columns becomes a task that can be listed, shown and removed", async () => {
  const path = await file("Tickets 2026.csv", tickets);
  const words = ["--text", "message", "--label", "team", "--owner", "branch", "--licence", "mine", "--title", "Who should answer?"];
  const added = await tutti("data", "add", path, ...words);
  expect(added).toContain("tickets-2026: 4 training rows, no validation part, 1 to test on; licence: mine");
  expect(added).toContain("A fifth of the rows, drawn with seed 42, is the test part.");
  expect(added).toContain("tutti serve --task tickets-2026");
  expect((await readdir(join(datasets, "tickets-2026"))).sort()).toEqual(["dataset.json", "test.jsonl", "train.jsonl"]);
  const all = [...(await rowsOf("tickets-2026", "train.jsonl")), ...(await rowsOf("tickets-2026", "test.jsonl"))];
  expect(all).toContainEqual({ text: "It broke; again", label: "help", owner: "north" });
  const card = await cardOf("tickets-2026");
  expect(card.source).toBe("Tickets 2026.csv");
  expect(Object.keys(card.sha256)).toEqual(["train.jsonl", "test.jsonl"]);
  const dataset = await loadDataset(card.task, (name) => readFile(join(datasets, "tickets-2026", name), "utf8"));
  expect([dataset.train.length, dataset.validation.length, dataset.test.length]).toEqual([3, 1, 1]);

  expect(added).not.toContain("It replaces");
  expect(await tutti("data", "add", path, ...words)).toContain("It replaces the earlier data set of that name.");

  expect(await tutti("data", "list")).toMatch(/tickets-2026\s+2 classes\s+4\s+-\s+1\s+mine/);
  const shown = await tutti("data", "show", "tickets-2026");
  expect(shown).toMatch(/title\s+Who should answer\?/);
  expect(shown).toMatch(/owners\s+each row has one, in the field owner of the files/);
  expect(JSON.parse(await tutti("data", "show", "tickets-2026", "--json")).numRows.train).toBe(4);
  await expect(tutti("data", "remove", "feedback")).rejects.toThrow("feedback comes with Tutti");
  expect(await tutti("data", "remove", "tickets-2026")).toContain("Removed ");
  await expect(tutti("data", "show", "tickets-2026")).rejects.toThrow("there is no added data set tickets-2026");
  expect(await tutti("data", "list")).toContain("Built-in tasks that are not downloaded: sst2, mr");
});

test("template, label words, classes and files beside the training file are taken as given", async () => {
  const path = await file("train.tsv", "text\tlabel\nA\t1\nB\t0\nC\t1\n");
  const held = await file("held.jsonl", jsonl([{ text: "D", label: 0 }]));
  const words = ["--name", "own", "--classes", "bad, good", "--words", "terrible,great", "--template", "{text} : {mask}", "--test", held];
  await tutti("data", "add", path, ...words, "--metric", "macroF1");
  const { task, numByClass } = await classesOf("own");
  expect(task.prompts).toEqual([{ template: "{text} : {mask}", labelWords: ["terrible", "great"] }]);
  expect([task.classes, task.metric, numByClass]).toEqual([["bad", "good"], "macroF1", [1, 2]]);
  expect(await rowsOf("own", "test.jsonl")).toEqual([{ text: "D", label: "bad" }]);
});

test("what is wrong is told in a sentence, and nothing is left behind", async () => {
  const path = await file("tickets.csv", tickets);
  const held = await file("empty.jsonl", "");
  const many = await file("many.jsonl", jsonl(Array.from({ length: 30 }, (_, i) => ({ text: `text ${i}`, label: i % 2 }))));
  const columns = ["--text", "message", "--label", "team"];
  for (const [words, message] of [
    [
      [path],
      'tickets.csv has no column "text", it has message, team, branch: --text, --text-b, --label, --answer and --owner name the columns, and --kind continuation takes plain text',
    ],
    [[path, "--text", "message"], 'tickets.csv has no column "label"'],
    [[path, ...columns, "--classes", "help,price"], 'tickets.csv line 3: column "team" is "sales", expected one of help, price or 0 to 1'],
    [[path, ...columns, "--test", join(folder, "none.csv")], "none.csv cannot be read: there is no such file"],
    [[path, ...columns, "--test", held], "empty.jsonl has no rows"],
    [[path, ...columns, "--name", "feedback"], "feedback comes with Tutti"],
    [[path, ...columns, "--name", "Über"], '"Über" cannot be a data set\'s name'],
    [[path, ...columns, "--config", "mrpc"], "--config names a configuration of a hub data set"],
    [[many, "--label", "text"], 'column "text" has 30 different values in 30 rows: --label names the column'],
    [[path, ...columns, "--words", "a,b"], "--words needs --classes"],
    [[path, ...columns, "--classes", "help,sales", "--words", "a"], "1 --words for 2 classes"],
    [[path, ...columns, "--classes", "help,sales", "--template", "{text}"], '--template "{text}" has no {mask}'],
    [[join(folder, "nothing")], "nothing does not exist: there is no such file or folder"],
    [["nothing"], "nothing is neither a file, a folder, a built-in task nor a hub id"],
    [["mpqa"], "mpqa is not on the hub as far as Tutti knows: give a folder"],
  ] as const)
    await expect(tutti("data", "add", ...words), words.join(" ")).rejects.toThrow(message);
  expect(await readdir(datasets).catch(() => [])).toEqual([]);
});

test("a folder of split files as they lie in circulation becomes the built-in task", async () => {
  const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ a: `question ${i}`, b: `A passage ${i}.`, y: i % 2 }));
  const path = join(folder, "boolq");
  await file("boolq/train_2k.jsonl", jsonl(rows(21)));
  await file("boolq/dev.jsonl", jsonl(rows(4)));
  await file("boolq/devsplit_test1000.jsonl", jsonl(rows(3)));
  await file("boolq/README.md", "x");
  const added = await tutti("data", "add", path);
  expect(added).toContain("21 training rows, no validation part, 4 to test on");
  expect(added).toContain("The training part is 21 of 9,427 rows.");
  expect(added).toContain("Test rows whose text is also in the training part: 4 of 4.");
  expect((await rowsOf("boolq", "train.jsonl"))[1]).toEqual({ text: "A passage 1.", textB: "question 1", label: "yes" });
  expect((await cardOf("boolq")).task).toEqual(findTask("boolq"));
  await file("boolq/train_all.jsonl", jsonl(rows(30)));
  await expect(tutti("data", "add", path)).rejects.toThrow("has train_2k and train_all: say which with --train");
  expect(await tutti("data", "add", path, "--train", "train_all")).toContain("30 training rows");
  const part = await tutti("data", "add", path, "--train", "train_all", "--train-rows", "12");
  expect(part).toContain("12 training rows, no validation part, 4 to test on");
  expect(part).toContain("The training part is 12 of 30 rows, drawn with seed 42.");
  await expect(tutti("data", "add", path, "--train", "train_all", "--validation-rows", "2")).rejects.toThrow(
    "--validation-rows 2: boolq has no validation part to draw from; a tenth of its training rows validates",
  );
  const tested = await tutti("data", "add", path, "--train", "train_all", "--test-rows", "2");
  expect(tested).toContain("30 training rows, no validation part, 2 to test on");
  expect(tested).toContain("The test part is 2 of 4 rows, drawn with seed 42.");
  await tutti("data", "add", path, "--train", "train_all", "--train-rows", "12");
  const rowsOnce = await rowsOf("boolq", "train.jsonl");
  await tutti("data", "add", path, "--train", "train_all", "--train-rows", "12");
  expect(await rowsOf("boolq", "train.jsonl")).toEqual(rowsOnce);
});

test("two parts of the same rows are refused, however their file is named", async () => {
  const rows = jsonl(["A", "B", "C"].map((text, label) => ({ text, label: label % 2 })));
  for (const name of ["own/train.jsonl", "own/test.jsonl", "own/dev.jsonl"]) await file(name, rows);
  const [own, train, test] = [join(folder, "own"), join(folder, "own/train.jsonl"), join(folder, "own/test.jsonl")];
  await symlink("test.jsonl", join(own, "other.jsonl"));
  for (const [words, message] of [
    [[own, "--validation", "test"], "the validation and the test part would both be "],
    [[own, "--validation", "test"], "test.jsonl: name another one with --validation or --test"],
    [[own, "--validation", "other"], "test.jsonl: name another one with --validation or --test"],
    [[own, "--test", "train"], "the training and the test part would both be "],
    [[own, "--train", "dev"], "dev.jsonl: name another one with --train or --validation"],
    [[train, "--validation", join(own, "../own/train.jsonl")], "train.jsonl: name another one with --validation"],
    [[train, "--validation", test, "--test", join(own, "other.jsonl")], "test.jsonl: name another one with --validation or --test"],
  ] as const)
    await expect(tutti("data", "add", ...words), words.join(" ")).rejects.toThrow(message);
  await expect(tutti("data", "add", own, "--validation", "test")).rejects.toThrow(UsageError);
  expect(await readdir(datasets).catch(() => [])).toEqual([]);
});

test("test rows that stand in the training or the validation part are counted on the card", async () => {
  const texts = (...all: string[]) => jsonl(all.map((text, i) => ({ text, label: i % 2 })));
  await file("shared/train.jsonl", texts("one", "two", "It broke."));
  await file("shared/dev.jsonl", texts("four", "It broke", "five"));
  await file("shared/test.jsonl", texts("FOUR !", "five", "it broke", "six", "seven"));
  await tutti("data", "add", join(folder, "shared"));
  expect((await cardOf("shared")).notes).toEqual([
    "Test rows whose text is also in the training part: 1 of 5.",
    "Test rows whose text is also in the validation part: 3 of 5.",
  ]);
});

test("a disk that fills up leaves what was there before", async () => {
  const path = await file("tickets.csv", tickets);
  await tutti("data", "add", path, "--text", "message", "--label", "team");
  const before = await cardOf("tickets");
  const flags = { text: "message", label: "branch", datasets, downloads: join(folder, "downloads") };
  const full = {
    async writeFile(name: string, text: string) {
      if (name.endsWith("test.jsonl")) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      await writeFile(name, text);
    },
  };
  await expect(addData(path, flags, full)).rejects.toThrow(
    /^the disk is full: .*tickets could not be written; the earlier file is unchanged/,
  );
  expect(await cardOf("tickets")).toEqual(before);
  expect(await readdir(datasets)).toEqual(["tickets"]);
});

const features = { label: { names: ["entailment", "not_entailment"], _type: "ClassLabel" } };

/** Rows as GLUE's QNLI has them on the hub, where class 0 is entailment. */
function qnli(count: number, label: (i: number) => number): Uint8Array {
  const each = <T>(make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "question", data: each((i) => `What is ${count} ${i}?`), type: "STRING" },
        { name: "sentence", data: each((i) => `It is ${i}.`), type: "STRING" },
        { name: "label", data: each((i) => BigInt(label(i))), type: "INT64" },
        { name: "idx", data: each((i) => i), type: "INT32" },
      ],
      kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    }),
  );
}

const glue = () =>
  new Map([
    ["qnli/train/0000.parquet", qnli(20, (i) => i % 2)],
    ["qnli/train/0001.parquet", qnli(7, () => 0)],
    ["qnli/validation/0000.parquet", qnli(6, (i) => (i === 0 ? 0 : 1))],
    ["qnli/test/0000.parquet", qnli(5, () => -1)],
    ["sst2/train/0000.parquet", new Uint8Array(9)],
    ["sst2/validation/0000.parquet", new Uint8Array(7)],
  ]);

async function serve(options: Partial<DatasetHubOptions> = {}): Promise<DatasetHub> {
  const branches = { main: new Map([["README.md", new Uint8Array(3)]]), "refs/convert/parquet": glue() };
  hub = await startDatasetHub({ id: "nyu-mll/glue", branches, ...options });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  return hub;
}

test("a hub data set is fetched as Parquet; classes go by their names, secret test labels are left alone", async () => {
  vi.stubEnv("HF_TOKEN", "hf_of_mine");
  const { requests } = await serve({ token: "hf_of_mine" });
  const added = await tutti("data", "add", "nyu-mll/glue", "--config", "qnli");
  expect(added).toContain("qnli: 27 training rows, no validation part, 6 to test on; licence: cc-by-4.0");
  expect(added).toContain("Classes in training: not_entailment 10, entailment 17");
  expect(added).toContain("The training part is 27 of 104,743 rows.");
  expect((await rowsOf("qnli", "test.jsonl")).slice(0, 2)).toEqual([
    { text: "What is 6 0?", textB: "It is 0.", label: "entailment" },
    { text: "What is 6 1?", textB: "It is 1.", label: "not_entailment" },
  ]);
  expect((await cardOf("qnli")).source).toMatch(/^nyu-mll\/glue@[0-9a-f]{12} qnli$/);
  expect([...new Set(requests.map(({ path }) => path))]).toEqual([...glue().keys()].slice(0, 3));
  expect(new Set(requests.map(({ token }) => token))).toEqual(new Set(["hf_of_mine"]));
  await tutti("data", "add", "qnli");
  expect(requests).toHaveLength(3);
});

test("a connection that breaks off is taken up where it broke", async () => {
  const { requests } = await serve({ breakAfter: 900 });
  await tutti("data", "add", "qnli");
  expect((await cardOf("qnli")).numRows).toEqual({ train: 27, validation: null, test: 6 });
  const ranges = requests.filter(({ path }) => path === "qnli/train/0000.parquet").map(({ range }) => range?.split("-")[0] ?? null);
  expect(ranges.slice(0, 2)).toEqual([null, "bytes=900"]);
});

test("names of one's own, columns by flags and class names out of the file", async () => {
  await serve({ id: "org/pairs" });
  const words = ["--config", "qnli", "--name", "answers", "--text", "question", "--text-b", "sentence", "--validation", "validation"];
  await tutti("data", "add", "org/pairs", ...words);
  const { task, numByClass, notes } = await classesOf("answers");
  expect([task.classes, numByClass]).toEqual([
    ["entailment", "not_entailment"],
    [17, 10],
  ]);
  expect(notes[0]).toContain("Scores are on the validation rows");
});

test("without the hub's Parquet branch the files of the main branch are read", async () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ text: `text ${i}`, label: i % 3 }));
  const main = new Map([
    ["README.md", new Uint8Array(3)],
    ["train.jsonl", new TextEncoder().encode(jsonl(rows))],
    ["test.jsonl", new TextEncoder().encode(jsonl(rows.slice(0, 2).map((row) => ({ ...row, text: "other" }))))],
  ]);
  hub = await startDatasetHub({ id: "org/own", branches: { main } });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  expect(await tutti("data", "add", "org/own")).toContain("own: 12 training rows, no validation part, 2 to test on; licence: cc-by-4.0");
});

test("a data set of many gigabytes is refused before anything of it is fetched", async () => {
  const large = Object.assign(new Uint8Array(9), { reportedSize: 3e9 });
  const { requests } = await serve({
    branches: {
      main: new Map(),
      "refs/convert/parquet": new Map([
        ["qnli/train/0000.parquet", large],
        ["qnli/validation/0000.parquet", large],
      ]),
    },
  });
  await expect(tutti("data", "add", "nyu-mll/glue", "--config", "qnli")).rejects.toThrow(
    "nyu-mll/glue has 6.00 GB in these splits, at most 2.00 GB are fetched",
  );
  expect(requests).toEqual([]);
});

test("what the hub does not have is told apart", async () => {
  const { url } = await serve();
  const add = (...words: string[]) => tutti("data", "add", ...words);
  await expect(add("nyu-mll/glue")).rejects.toThrow("nyu-mll/glue has several configurations: say which with --config (qnli, sst2)");
  await expect(add("nyu-mll/glue", "--config", "wnli")).rejects.toThrow("nyu-mll/glue has no configuration wnli; it has qnli, sst2");
  await expect(add("nyu-mll/glue", "--config", "qnli", "--validation", "dev")).rejects.toThrow(
    "nyu-mll/glue has no split dev; it has test, train, validation",
  );
  await expect(add("nyu-mll/glue", "--config", "qnli", "--text", "premise")).rejects.toThrow(
    '0000.parquet: there is no column "premise"; the file has question, sentence, label, idx',
  );
  await expect(add("nyu-mll/glue", "--config", "sst2")).rejects.toThrow("0000.parquet is not a Parquet file");
  await expect(add("nyu-mll/glue", "--config", "qnli", "--test", "validation")).rejects.toThrow(
    "nyu-mll/glue: the validation and the test part would both be qnli/validation/0000.parquet: name another one with --validation or --test",
  );
  await expect(add("nyu-mll/other")).rejects.toThrow(`there is no data set nyu-mll/other on ${url}`);
  await hub?.close();
  await expect(add("qnli")).rejects.toThrow(
    `${url} cannot be reached (ECONNREFUSED): go online, set HF_ENDPOINT to a mirror, or give a file`,
  );
  expect(await readdir(datasets).catch(() => [])).toEqual([]);
});
