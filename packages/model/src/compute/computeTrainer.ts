import {
  type AnswersSpec,
  type ContributionBody,
  createRandom,
  type DistilSpec,
  type LogitsSpec,
  type PublicTextsSettings,
  pickNames,
  publicTextsOf,
  sha256Hex,
  subtract,
  tunedShape,
} from "@tutti/core";
import { publicTextExamples, requireSameKind, requireTextTask, type TextExample, type TextTask } from "@tutti/data";
import type { BackboneCache } from "../backbone/cache.ts";
import { loadBackbone } from "../backbone/load.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import { startWanted } from "../device.ts";
import type { StepProgress, Trainer, TrainerSetup, TrainerTask } from "../trainer.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import { type LoadPorts, type OpenedWorkplace, openWorkplace } from "../workplace.ts";
import { distil } from "./distil.ts";
import { type KeptTexts, readKept, writeKept } from "./keptFile.ts";
import { contentKey, scoreDifference } from "./largeScores.ts";
import { requirePair } from "./pair.ts";
import { numPredicted } from "./publicTexts.ts";
import { answerShown } from "./shownAnswers.ts";

/** What a compute client's trainer loads with, and where it keeps the large model's scores, by content. */
export interface ComputePorts extends LoadPorts {
  readonly scores: BackboneCache;
}

/** The small model with its texts, and the large one once a task asks for it. */
interface ComputePlace {
  readonly setup: TrainerSetup;
  readonly small: OpenedWorkplace;
  readonly texts: readonly EncodedExample[];
  large: { readonly name: string; readonly backbone: PackedBackbone; readonly transformer: Transformer } | null;
}

interface TaskHooks {
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The trainer of a compute client (P-91): it holds the small and the large model and does the tasks `logits` and `distil`. What a task comes to
 * follows from the task and the run's settings; scores that are not kept are computed again.
 */
export function createComputeTrainer({ scores, ...ports }: ComputePorts): Trainer {
  let place: ComputePlace | null = null;
  const opened = (): ComputePlace => {
    if (place === null) throw new Error("the trainer has not been started");
    return place;
  };

  return {
    async start(setup, onProgress, signal) {
      const starting = startWanted(setup, () => undefined);
      const small = await openWorkplace(setup, { ...ports, whenStarted: starting }, onProgress, signal);
      const task = requireTextTask(small.task, "FedPT");
      const { reason, ...backend } = await starting;
      const other = publicTextsOf(setup.run);
      const examples = other === null ? small.publicExamples() : await fetchPublicTexts(setup, { task, texts: other, ports, signal });
      place = { setup, small, texts: small.reader.encode(examples, { name: "public examples", rows: examples }), large: null };
      const { notice: _, ...admitted } = small.admitted;
      return { ...backend, reason, ...admitted, shape: tunedShape(small.layout.entries) };
    },
    addDevice: async () => ({ numExamples: 1 }),
    async compute(task, state, onStep, signal) {
      const { spec } = task;
      const hooks = { onStep, signal };
      if (spec.kind === "logits") return { body: await computeLogits(opened(), spec, { scores, ports, hooks }), state };
      if (spec.kind === "distil") return { body: await computeDistil(opened(), { ...task, spec }, { scores, ports, hooks }), state };
      if (spec.kind === "answers") return { body: await computeAnswers(opened(), { ...task, spec }, hooks), state };
      throw new Error(`a compute client does no ${spec.kind} task: a device does`);
    },
    async stop() {
      place?.small.transformer.dispose();
      place?.large?.transformer.dispose();
      place = null;
    },
  };
}

interface ComputeMeans {
  readonly scores: BackboneCache;
  readonly ports: LoadPorts;
  readonly hooks: TaskHooks;
}

type Body<K extends ContributionBody["kind"]> = Extract<ContributionBody, { readonly kind: K }>;

async function computeLogits(place: ComputePlace, spec: LogitsSpec, means: ComputeMeans): Promise<Body<"logits">> {
  const { key, kept } = await differenceOf(place, spec, means);
  const numPositions = place.texts.reduce((sum, text) => sum + numPredicted(text), 0);
  return { kind: "logits", contentKey: key, numTexts: place.texts.length, numPositions, topKError: kept.topKError };
}

/** Answers with every tuned parameter that the set `global` holds. */
async function computeAnswers(
  { small }: ComputePlace,
  { spec, parameterSets }: TrainerTask & { readonly spec: AnswersSpec },
  { signal }: TaskHooks,
): Promise<Body<"answers">> {
  const { global: params = {} } = parameterSets;
  const { maxNewTokens, numTexts } = spec;
  const answers = await answerShown(small.reader, params, small.shownExamples(numTexts), { maxNewTokens, signal });
  return { kind: "answers", answers };
}

async function computeDistil(
  place: ComputePlace,
  task: TrainerTask & { readonly spec: DistilSpec },
  means: ComputeMeans,
): Promise<Body<"distil">> {
  const { small, texts } = place;
  const { spec, stage, round, attempt, deviceId: device, parameterSets, expects } = task;
  const { global: mean = {}, roundStart: reference = null } = parameterSets;
  const { kept } = await differenceOf(place, spec, means);
  const shuffle = createRandom(small.run.seed).stream({ stage, round, attempt, device, purpose: "distil/shuffle" });
  const { clipNorm } = small.run.training;
  const { tuned } = small.reader;
  const common = { small: tuned, texts, differences: kept.texts, mean, reference, spec, clipNorm, shuffle };
  const { student, ...measures } = await distil({ ...common, ...means.hooks });
  const names = Object.keys(expects.shapes);
  const delta = subtract(pickNames(student, names), pickNames(mean, names));
  return { kind: "distil", delta, numSteps: spec.numSteps, ...measures };
}

interface TextsAsked {
  readonly task: TextTask;
  readonly texts: PublicTextsSettings;
  readonly ports: LoadPorts;
  readonly signal: AbortSignal | undefined;
}

/** The texts of another file than the task's, which the coordinator keeps under their hash. */
async function fetchPublicTexts(
  { datasetUrl }: Pick<TrainerSetup, "datasetUrl">,
  { task, texts, ports: { fetch = globalThis.fetch }, signal }: TextsAsked,
): Promise<TextExample[]> {
  const folder = new URL(datasetUrl.endsWith("/") ? datasetUrl : `${datasetUrl}/`);
  const url = new URL(`../../texts/${texts.sha256}`, folder).href; // beside the data sets
  const response = await fetch(url, signal === undefined ? {} : { signal });
  if (!response.ok) throw new Error(`public texts ${url}: HTTP ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const found = await sha256Hex(bytes);
  if (found !== texts.sha256) throw new Error(`public texts ${url}: their SHA-256 is ${found}, the run's is ${texts.sha256}`);
  requireSameKind(task, texts);
  return publicTextExamples(task, new TextDecoder().decode(bytes), texts.from);
}

/** From where it is kept, or computed once more. */
async function differenceOf(
  place: ComputePlace,
  { large: name, topK }: Pick<LogitsSpec, "large" | "topK">,
  { scores, ports, hooks }: ComputeMeans,
): Promise<{ readonly key: string; readonly kept: KeptTexts }> {
  const { small, texts } = place;
  const { backbone, transformer } = await largeOf(place, name, { ports, hooks });
  const key = await contentKey([backbone, small.backbone], texts, topK);
  const bytes = await scores.get(key);
  const known = bytes === null ? null : await readKept(bytes);
  if (known !== null) return { key, kept: known };
  const large: Tuned = { ...small.reader.tuned, transformer, tuner: createBareTuner(transformer), positionsAfterPrefix: false };
  const kept = await scoreDifference({ large, small: small.reader.tuned, texts }, { topK, ...hooks });
  await scores.put(key, await writeKept(kept));
  return { key, kept };
}

async function largeOf(place: ComputePlace, name: string, { ports, hooks }: Pick<ComputeMeans, "ports" | "hooks">) {
  if (place.large?.name === name) return place.large;
  place.large?.transformer.dispose();
  place.large = null;
  const manifestUrl = new URL(`../${name}/manifest.json`, place.setup.manifestUrl).href;
  const backbone = await loadBackbone({ ...ports, manifestUrl, signal: hooks.signal });
  requirePair(backbone, place.small.backbone);
  requireRoom(backbone, longest(place.texts));
  place.large = { name, backbone, transformer: createTransformer(backbone) };
  return place.large;
}

function longest(texts: readonly EncodedExample[]): number {
  return texts.reduce((most, { ids }) => Math.max(most, ids.length), 0);
}

/** Throws a sentence where the large model cannot read what the small one reads. */
function requireRoom({ name, config }: PackedBackbone, numTokens: number): void {
  if (numTokens <= config.maxPositions) return;
  throw new Error(`${name} has ${config.maxPositions} positions, but the public texts have up to ${numTokens} tokens: choose a larger one`);
}
