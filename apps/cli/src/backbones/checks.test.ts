import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

const golden = (path: string) => fileURLToPath(new URL(`../../../../packages/model/golden/${path}`, import.meta.url));
let folder: string;
let backbones: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-cli-checks-"));
  backbones = join(folder, "backbones");
});
afterAll(() => rm(folder, { recursive: true }));

/** What a command prints; rejects as the command does. */
async function tutti(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    await createProgram().parseAsync(["backbone", ...words, "--backbones", backbones], { from: "user" });
    return lines.join("\n");
  } finally {
    spy.mockRestore();
  }
}

async function copyOf(path: string, name: string): Promise<string> {
  const checkpoint = join(folder, name);
  await cp(golden(path), checkpoint, { recursive: true });
  return checkpoint;
}

const bytesIn = async (name: string) =>
  Promise.all(
    (await readdir(join(backbones, name))).sort().map(async (file) => [file, await readFile(join(backbones, name, file), "base64")]),
  );

/** Words, and special tokens that a BERT has. */
const tokenizer = (preTokenizer: string) => {
  const words = ["[UNK]", "[CLS]", "[SEP]", "[MASK]", "great", "room"];
  const token = (id: number) => ({ id, content: words[id], special: true, normalized: false });
  return JSON.stringify({
    added_tokens: [0, 1, 2, 3].map(token),
    normalizer: null,
    pre_tokenizer: { type: preTokenizer },
    post_processor: { type: "BertProcessing", sep: ["[SEP]", 2], cls: ["[CLS]", 1] },
    decoder: null,
    model: { type: "WordLevel", vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: "[UNK]" },
  });
};

test("a checkpoint whose folder holds expected.json is added where its logits are those, and the error is printed", async () => {
  const checkpoint = await copyOf("configurations/roberta-without-pad-id", "right");
  const added = await tutti("add", checkpoint, "--no-tokenizer", "--no-check", "--encoding", "f32");
  expect(added).toMatch(/expected\.json: relative error of the logits \d\.\de-7 before the encoding, \d\.\de-7 as stored/);
  expect(added).toContain("12 positions"); // 14 rows, the first two before position 0
  const packed = await tutti("add", checkpoint, "--no-tokenizer", "--no-check", "--encoding", "int8", "--name", "packed");
  expect(packed).toMatch(/\d\.\de-7 before the encoding, \d\.\de-[23] as stored/);
});

test("logits that are not the expected ones keep the backbone that was there, byte for byte", async () => {
  const checkpoint = await copyOf("configurations/gpt2-general-names", "changed");
  await tutti("add", checkpoint, "--no-tokenizer", "--no-check", "--encoding", "f32");
  const before = await bytesIn("changed");
  const config = JSON.parse(await readFile(join(checkpoint, "config.json"), "utf8"));
  await writeFile(join(checkpoint, "config.json"), JSON.stringify({ ...config, activation_function: "gelu_new" }));
  const adding = tutti("add", checkpoint, "--no-tokenizer", "--no-check", "--encoding", "int4");
  await expect(adding).rejects.toThrow(
    /expected\.json: relative error of the logits of the checkpoint \d\.\de-[45], at most 1e-5 is right; nothing/,
  );
  await writeFile(join(checkpoint, "expected.json"), '{"ids": [[1]]}');
  await expect(tutti("add", checkpoint, "--no-tokenizer", "--no-check")).rejects.toThrow("expected.json must hold ids");
  expect(await bytesIn("changed")).toEqual(before);
  expect(await readdir(backbones)).not.toContain("changed.unfinished");
});

test("verify --expected prints the relative error and ends with an error past 1e-5 in f32", async () => {
  const checkpoint = await copyOf("configurations/llama-scaling-counts-first", "llama");
  await tutti("add", checkpoint, "--no-tokenizer", "--no-check", "--encoding", "f32");
  const file = join(checkpoint, "expected.json");
  const report = join(folder, "report.json");
  expect(await tutti("verify", "llama", "--expected", file, "--backend", "cpu", "--json", report)).toMatch(
    /expected logits\s+\d\.\de-7\s+1e-5\s+ok/,
  );
  expect(JSON.parse(await readFile(report, "utf8")).kinds).toMatchObject([{ kind: "expected logits", isWithin: true }]);

  const { ids, logits } = JSON.parse(await readFile(file, "utf8"));
  const off = join(folder, "off.json");
  await writeFile(off, JSON.stringify({ ids, logits: logits.map((value: number) => value * 1.00003) }));
  await expect(tutti("verify", "llama", "--expected", off, "--backend", "cpu")).rejects.toThrow("above the tolerance: expected logits");
  expect(await tutti("verify", "llama", "--expected", off, "--backend", "cpu", "--tolerance", "1e-4")).toContain("ok");
  await writeFile(off, JSON.stringify({ ids, logits: logits.slice(1) }));
  await expect(tutti("verify", "llama", "--expected", off, "--backend", "cpu")).rejects.toThrow("of another backbone than llama");
  await expect(tutti("verify", "llama", "--expected", join(folder, "none.json"))).rejects.toThrow(
    "cannot be read: give a file with ids and logits",
  );
});

test("a tokenizer that is not supported is refused by name, with and without --no-check, and the good backbone stays", {
  timeout: 60_000,
}, async () => {
  const good = await copyOf("bert", "good");
  await writeFile(join(good, "tokenizer.json"), tokenizer("Whitespace"));
  await tutti("add", good, "--name", "mine");
  const before = await bytesIn("mine");
  const bad = await copyOf("bert", "bad");
  const refusals = [
    [tokenizer("UnicodeScripts"), 'tokenizer.json: pre-tokenizer "UnicodeScripts" is not supported'],
    [tokenizer("Whitespace").slice(0, -9), "tokenizer.json is not JSON"],
    [tokenizer("Whitespace").replace('["[SEP]",2]', '["[SEP]",999]'), "tokenizer.json goes up to token 999"],
    [tokenizer("Whitespace").replace('"decoder":null', '"decoder":{"type":"Odd"}'), "tokenizer.json cannot turn tokens back into text"],
  ] as const;
  for (const [text, message] of refusals) {
    await writeFile(join(bad, "tokenizer.json"), text);
    for (const flags of [[], ["--no-check"]]) await expect(tutti("add", bad, "--name", "mine", ...flags), message).rejects.toThrow(message);
  }
  expect(await bytesIn("mine")).toEqual(before);
  expect(await tutti("list")).toContain("mine");
});

test("tokens prints the ids and pieces of a text, and says what devices leave out", { timeout: 60_000 }, async () => {
  const checkpoint = await copyOf("bert", "tokens");
  await writeFile(join(checkpoint, "tokenizer.json"), tokenizer("WhitespaceSplit"));
  await tutti("add", checkpoint, "--no-check", "--name", "words");
  const text = ["tokens", "words", "--text", "great 😀 [MASK] room"];
  expect(JSON.parse(await tutti(...text, "--json"))).toEqual({
    text: "great 😀 [MASK] room",
    ids: [1, 4, 0, 3, 5, 2],
    pieces: ["[CLS]", "great", "[UNK]", "[MASK]", "room", "[SEP]"],
    inner: { ids: [4, 0, 5], pieces: ["great", "[UNK]", "room"] },
  });
  const printed = (await tutti(...text)).split("\n");
  expect(printed[1]).toMatch(/^\[CLS\]\s+1\s+added around the text$/);
  expect(printed[3]).toMatch(/^\[UNK\]\s+0$/);
  expect(printed[4]).toMatch(/^\[MASK\]\s+3\s+a special token's name: left out of devices' texts$/);
  expect(JSON.parse(await tutti("tokens", "words", "--text", "", "--json"))).toMatchObject({ ids: [1, 2], inner: { ids: [] } });
  await tutti("add", golden("bert"), "--no-tokenizer", "--no-check", "--name", "bare");
  await expect(tutti("tokens", "bare", "--text", "a")).rejects.toThrow("backbone bare has no tokenizer");
});

test("what config.json and the checkpoint hold beside the backbone is said when it is added", async () => {
  const checkpoint = await copyOf("configurations/llama-head-of-its-own", "said");
  const config = JSON.parse(await readFile(join(checkpoint, "config.json"), "utf8"));
  await writeFile(join(checkpoint, "config.json"), JSON.stringify({ ...config, sliding_window: 3 }));
  const added = await tutti("add", checkpoint, "--no-tokenizer", "--no-check");
  expect(added).toContain("Note: config.json: unknown llama fields, ignored: sliding_window");
  expect(added).toContain("Note: lm_head.weight has other numbers than model.embed_tokens.weight");
});
