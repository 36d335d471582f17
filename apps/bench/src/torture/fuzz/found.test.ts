import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { folderStore } from "@tutti/client/node";
import { presets, tokenTable } from "@tutti/core";
import { parseParquet } from "@tutti/data";
import { createTokenizer, parseManifest, readHubConfig, readPromptsFile, writeSafetensors } from "@tutti/model";
import { runSettingsSchema, settingFaults } from "@tutti/protocol";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { allTargets } from "./allTargets.ts";
import { corpusFile, textOf, utf8 } from "./corpusFiles.ts";
import { tryOne } from "./runCases.ts";
import { convertedFiles, tinyCheckpoint, tinyConfigs } from "./tinyCheckpoint.ts";

/** Cases that once went wrong, by the numbers that torture tells a fault with; each fault has its test below. */
const failed: readonly (readonly [target: string, seed: number, index: number])[] = [
  ["tokenizer.json", 1, 4],
  ["tokenizer_config.json and chat templates", 1, 2],
  ["prompts.safetensors", 1, 32],
  ["Parquet", 1, 376],
  ["Parquet", 1, 3901],
  ["Parquet", 1, 5962],
  ["request assign", 1, 9106],
  ["device records", 1, 8],
  ["token tables", 1, 1],
  ["token tables", 1, 2078],
];

test.each(failed)("%s, seed %i, case %i is answered in words", async (name, seed, index) => {
  const target = await allTargets.find((one) => one.name === name)?.open();
  expect(target === undefined ? "there is no such target" : await tryOne(target, seed, index)).toBeNull();
});

test("a backbone of four billion layers is refused and not listed tensor by tensor", async () => {
  const numLayers = 4_294_967_295;
  const manifest = JSON.parse(textOf((await convertedFiles(tinyCheckpoint(tinyConfigs[1] ?? {}), "f32")).get("manifest.json") ?? utf8("")));
  const changed = { ...manifest, config: { ...manifest.config, numLayers } };
  expect(() => parseManifest(utf8(JSON.stringify(changed)))).toThrow(/numLayers/);
  expect(() => readHubConfig(JSON.stringify({ ...tinyConfigs[1], n_layer: numLayers }))).toThrow("4294967295 layers, at most 1000");
});

test("a Parquet file with a damaged column beside a chunk of no column is refused, and leaves no rejection that would end the process", async () => {
  const columnData = ["first", "second"].map((name) => ({ name, data: ["one", "two", "three"], type: "STRING" as const }));
  const file = Buffer.from(parquetWriteBuffer({ columnData, statistics: false, codec: "UNCOMPRESSED" }));
  file.write("sezond", file.lastIndexOf("second"));
  file.fill(0xff, 4, 40); // pages of the first column
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  await expect(parseParquet(new Uint8Array(file), "rows.parquet")).rejects.toThrow("rows.parquet is damaged");
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

test("a Parquet file that says more columns than it has is refused, at once and in words", async () => {
  const file = Buffer.from(parquetWriteBuffer({ columnData: [{ name: "text", data: ["one"], type: "STRING" }], statistics: false }));
  const root = file.indexOf("root"); // its name, then the field of the number of children, in zigzag
  expect(file.subarray(root + 4, root + 6)).toEqual(Buffer.from([0x15, 0x02]));
  for (const numChildren of [[0x0e], [0xfe, 0xff, 0xff, 0xff, 0x0f]]) {
    const middle = Buffer.concat([file.subarray(0, root + 5), Buffer.from(numChildren), file.subarray(root + 6)]);
    middle.writeUInt32LE(middle.readUInt32LE(middle.length - 8) + numChildren.length - 1, middle.length - 8);
    await expect(parseParquet(new Uint8Array(middle), "rows.parquet")).rejects.toThrow("rows.parquet is damaged");
  }
});

test("a tokenizer whose parts are of another kind is refused by the file's name", () => {
  const tokenizer = textOf(corpusFile("tokenizer-bpe.json"));
  expect(() => createTokenizer(tokenizer, '{"mask_token":5}')).toThrow(/^tokenizer_config\.json: .*mask_token/s);
  expect(() => createTokenizer('{"model":{"type":5,"vocab":{}}}', null)).toThrow("tokenizer.json: the model's type is not text");
  const odd = { ...JSON.parse(tokenizer), decoder: { type: "Sequence", decoders: 7 } };
  expect(() => createTokenizer(JSON.stringify(odd), null).decode([5, 6])).toThrow("tokenizer.json: its model or decoder");
});

test("settings whose choice is a table without a text are refused in words", () => {
  const strategy = JSON.parse('{"name":{"toString":5,"valueOf":null},"fineTuneEpochs":-1}');
  expect(settingFaults(runSettingsSchema, { ...presets.demo, strategy })).toEqual([
    expect.stringMatching(/^strategy\.name: found .*, expected one of/),
  ]);
});

test("prompts whose settings are no JSON, and token tables of no JSON, are refused in words", () => {
  const file = writeSafetensors({}, { format: "tutti-prompts-1", settings: "{" });
  expect(() => readPromptsFile(file, (found) => runSettingsSchema.parse(found))).toThrow("cannot be read: they are not JSON");
  expect(() => tokenTable("{")).toThrow("tokenizer.json is not JSON");
});

test("a device record that was damaged into another value is not taken for one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-found-"));
  try {
    const store = folderStore(folder);
    await store.put("run-7", { deviceId: 3, version: null, state: null, pending: null });
    const state = { local: { a: { shape: [3], data: Float32Array.of(1) } }, moments: null, stageSteps: 1 };
    for (const odd of [
      { deviceId: 4, version: null, state: null, pending: null },
      { deviceId: 3 },
      5,
      { deviceId: 3, version: null, state, pending: null },
    ]) {
      await writeFile(join(folder, "run-7", "device-3.bin"), serialize(odd));
      await expect(store.get("run-7", 3)).rejects.toThrow("this is not a device record");
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
