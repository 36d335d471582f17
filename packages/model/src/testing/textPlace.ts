import { presets, type RunSettings } from "@tutti/core";
import { type OpenedWorkplace, openWorkplace } from "../workplace.ts";
import { checkpointInMemory, convertInMemory, goldenCheckpoint } from "./goldenBackbone.ts";

/** A tokenizer.json of whole words, between which spaces stand: `<s>` in front of a text, `</s>` behind an answer, `reply` and `:`, then `w5` to `w95`. */
export function wordTokenizer(): string {
  const words = ["<s>", "</s>", "<unk>", "reply", ":", ...Array.from({ length: 91 }, (_, i) => `w${i + 5}`)];
  const special = (id: number) => ({
    id,
    content: words[id],
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const start = { SpecialToken: { id: "<s>", type_id: 0 } };
  const [a, b] = ["A", "B"].map((id) => ({ Sequence: { id, type_id: 0 } }));
  return JSON.stringify({
    added_tokens: [0, 1, 2].map(special),
    normalizer: null,
    pre_tokenizer: { type: "Whitespace" },
    post_processor: {
      type: "TemplateProcessing",
      single: [start, a],
      pair: [start, a, b],
      special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
    },
    decoder: null,
    model: { type: "WordLevel", vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: "<unk>" },
  });
}

/** Names the token of `wordTokenizer` that ends a text. */
export function wordTokenizerConfig(): string {
  return JSON.stringify({ eos_token: "</s>" });
}

/** A message and the reply to it, as the data set `replies` has them. */
export interface Reply {
  readonly text: string;
  readonly reply: string;
}

/** Settings for the task `replies` on two devices, all of what they train shared. */
export function replyRun(change: Partial<RunSettings> = {}): RunSettings {
  return {
    ...presets.demo,
    task: "replies",
    numDevices: 2,
    partition: { kind: "iid" },
    tuning: { ...presets.demo.tuning, method: "full", head: "labelWords", promptDropout: 0 } as RunSettings["tuning"],
    training: { ...presets.demo.training, batchSize: 4, clientLearningRate: 0.02, weightDecay: 0, resetMoments: false },
    strategy: { name: "fedAvg", fineTuneEpochs: 0 },
    ...change,
  };
}

/** Opens a workplace for `replies` on a family's tiny golden checkpoint, which reads whole words. `asked` notes the paths of what is fetched. */
export async function openReplies(
  run: RunSettings,
  rows: { train: Reply[]; test: Reply[] },
  family = "gpt2",
  asked: string[] = [],
): Promise<OpenedWorkplace> {
  const checkpoint = await goldenCheckpoint(family);
  const text = (words: string) => new TextEncoder().encode(words);
  checkpoint.set("tokenizer.json", text(wordTokenizer()));
  checkpoint.set("tokenizer_config.json", text(wordTokenizerConfig()));
  const { out } = await convertInMemory(checkpointInMemory(checkpoint));
  const lines = (replies: readonly Reply[]) =>
    text(replies.map((row) => JSON.stringify({ ...row, topic: "price", domain: "culture" })).join("\n"));
  const files = new Map([...out].map(([file, bytes]) => [`/backbones/golden/${file}`, bytes]));
  for (const [split, replies] of Object.entries({ train: rows.train, validation: rows.test, test: rows.test })) {
    files.set(`/datasets/replies/${split}.jsonl`, lines(replies));
  }
  const fetch = async (url: string | URL | Request) => {
    const { pathname } = new URL(String(url));
    asked.push(pathname);
    return new Response(files.get(pathname) ?? null, { status: files.has(pathname) ? 200 : 404 });
  };
  const base = "http://tutti.test";
  const setup = { run, manifestUrl: `${base}/backbones/golden/manifest.json`, datasetUrl: `${base}/datasets/replies/` };
  return openWorkplace(setup, { fetch }, () => undefined);
}
