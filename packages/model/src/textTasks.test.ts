import { type EvaluationResult, initialParams, type Params, type Protocol, type RunSettings, type TaskSpec, textScores } from "@tutti/core";
import { beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { computeTask } from "./deviceTasks.ts";
import { openReplies, type Reply, replyRun } from "./testing/textPlace.ts";
import type { TrainerResult } from "./trainer.ts";

beforeAll(() => startBackend("wasm"));

/** Every message's first word decides all words of its reply, whose number differs. */
const replies: readonly Reply[] = [
  { text: "w10 w70 w71", reply: "w20 w21 w22" },
  { text: "w11 w72", reply: "w30" },
  { text: "w12 w73 w70 w74", reply: "w40 w41" },
  { text: "w13 w71 w72", reply: "w50 w51 w52 w53" },
];
const rows = { train: [...replies, ...replies], test: [...replies] };

type Place = Awaited<ReturnType<typeof openReplies>>;

function deviceOn(place: Place, index = 0) {
  const examples = place.examplesOf({ kind: "share", index });
  const compute = (spec: TaskSpec, global: Params, state: TrainerResult["state"] = null, local: readonly string[] = []) => {
    const shared = Object.entries(global).filter(([name]) => !local.includes(name));
    const shapes = spec.kind === "train" ? Object.fromEntries(shared.map(([name, { shape }]) => [name, shape])) : {};
    const expects = { shapes, encoding: "f32", batchSize: place.run.training.batchSize, numExamples: examples.train.length } as const;
    const task = { deviceId: index, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global }, expects } as const;
    return computeTask({ place, examples, task, state });
  };
  return { examples, compute };
}

const train: TaskSpec = { kind: "train", warmupSteps: 0, epochs: 60, isPersonalised: false };
const evaluate = (...protocols: Protocol[]): TaskSpec => ({ kind: "evaluate", protocols, splits: ["test", "validation"] });

function trainedBy({ body }: TrainerResult, start: Params): Params {
  if (body.kind !== "train") throw new Error(`a train task answers with what it trained, not with ${body.kind}`);
  return Object.fromEntries(
    Object.entries(body.delta).map(([name, { shape, data }]) => [name, { shape, data: data.map((d, i) => d + start[name].data[i]) }]),
  );
}

function resultsOf({ body }: TrainerResult): readonly EvaluationResult[] {
  return body.kind === "evaluate" ? body.results : [];
}

describe("a device of the task replies on a tiny gpt2", () => {
  let place: Place;
  let start: Params;
  beforeAll(async () => {
    place = await openReplies(replyRun(), rows);
    start = initialParams(place.layout.entries, place.random);
  });

  test("learns the replies by heart and answers with them, token by token", async () => {
    const { compute } = deviceOn(await openReplies(replyRun({ numDevices: 1 }), rows));
    const trained = await compute(train, start);
    const params = trainedBy(trained, start);
    const [before] = resultsOf(await compute(evaluate("global"), start));
    const [after] = resultsOf(await compute(evaluate("global"), params));
    if (!("text" in before) || !("text" in after)) throw new Error("a reply task's results are sums over texts");
    const [untouched, learnt] = [before, after].map(({ text, lossSum }) => textScores(text, lossSum));
    expect(learnt).toMatchObject({ tokenAccuracy: 1, exactMatch: 1, rougeL: 1 });
    expect(learnt.perplexityPerToken).toBeLessThan(1.1);
    expect(untouched.perplexityPerToken).toBeGreaterThan(20);
    expect(untouched.exactMatch).toBe(0);
    const { body } = trained;
    expect(body.kind === "train" && body.firstLoss > 1 && body.lastLoss < 0.1).toBe(true);
  });

  test("answers every protocol with sums over its own rows, and generates its part of the answers, of test rows alone", async () => {
    const { compute, examples } = deviceOn(place);
    const results = resultsOf(await compute(evaluate("personalised", "global", "newcomer", "zeroShot"), start));
    const found = results.map((result) => [
      result.protocol,
      result.split,
      "text" in result ? [result.text.numExamples, result.text.generated?.numExamples ?? null] : null,
    ]);
    const [own, test, validation] = [examples.personalised, examples.globalTest, examples.globalValidation].map(({ length }) => length);
    expect(test).toBe(2); // of four rows on two devices
    expect(found).toEqual([
      ["personalised", "test", [own, own]],
      ["personalised", "validation", [0, null]],
      ["global", "test", [test, test]],
      ["global", "validation", [validation, null]],
      ["newcomer", "test", [test, test]],
      ["newcomer", "validation", [validation, null]],
      ["zeroShot", "test", [test, test]],
      ["zeroShot", "validation", [validation, null]],
    ]);
    const sums = results.flatMap((result) => ("text" in result ? [result.text] : []));
    for (const { numTokens, numBytes, numExamples } of sums) {
      if (numExamples === 0) continue;
      // words of three bytes, spaces between them, and an end token for each reply
      expect(numBytes).toBe(4 * (numTokens - numExamples) - numExamples);
    }
  });

  test("zero-shot is the bare backbone, which full tuning starts from", async () => {
    const { compute } = deviceOn(place);
    const [global, , bare] = resultsOf(await compute(evaluate("global", "zeroShot"), start));
    expect(bare.lossSum).toBeCloseTo(global.lossSum, 4); // the weights lie in another form
    expect({ ...global, protocol: "zeroShot", lossSum: bare.lossSum }).toEqual(bare);
  });
});

test("a run's settings say how many answers are generated and of how many tokens at most", async () => {
  const generated = async (generation: NonNullable<RunSettings["generation"]>) => {
    const place = await openReplies(replyRun({ generation }), rows);
    const { compute } = deviceOn(place);
    const [result] = resultsOf(await compute(evaluate("global"), initialParams(place.layout.entries, place.random)));
    place.transformer.dispose();
    return "text" in result ? result.text.generated : null;
  };
  expect((await generated({ numAnswers: 2 }))?.numExamples).toBe(1); // one for each of two devices
  expect(await generated({ numAnswers: 0 })).toBeNull();
});

const own = { lora: { rank: 4, alpha: 8 }, adapter: { bottleneck: 8 }, inputPrompt: { promptTokens: 4, initial: "normal" } } as const;

test.each(["lora", "adapter", "inputPrompt"] as const)("the loss on replies falls by %s", async (method) => {
  const tuning = { head: "labelWords", promptDropout: 0, positionsAfterPrefix: false, lossOver: "labelWords", method, ...own[method] };
  const place = await openReplies(replyRun({ tuning: tuning as RunSettings["tuning"] }), rows);
  const { compute } = deviceOn(place, 1);
  const { body } = await compute({ ...train, epochs: 15 }, initialParams(place.layout.entries, place.random));
  expect(body.kind === "train" && body.lastLoss < 0.9 * body.firstLoss).toBe(true);
  place.transformer.dispose();
});

test("an encoder is refused with a sentence, before the data set is fetched", async () => {
  const asked: string[] = [];
  await expect(openReplies(replyRun(), rows, "roberta", asked)).rejects.toThrow(
    "replies is a reply task, but roberta backbones read the whole text at once and cannot continue it: choose a gpt2 or llama backbone",
  );
  expect(asked.filter((path) => path.includes("datasets"))).toEqual([]);
});
