import * as tf from "@tensorflow/tfjs-core";
import {
  claimLimit,
  createRandom,
  createSearchReplica,
  createSeedReplica,
  type DealtShares,
  deferred,
  publicRows,
  type Random,
  type RunSettings,
  type SearchReplica,
  type SeedReplica,
  shownRows,
  type TuningSettings,
  type WordTable,
} from "@tutti/core";
import {
  type Dataset,
  dealDataset,
  dealDatasetSkewed,
  type Example,
  type FetchText,
  loadDataset,
  maxKeptBack,
  numClassesOf,
  type TaskDefinition,
  taskOfRun,
  withKeptBack,
} from "@tutti/data";
import { type LoadOptions, loadBackbone } from "./backbone/load.ts";
import type { BackboneManifest } from "./backbone/manifest.ts";
import type { PackedBackbone } from "./backbone/packed.ts";
import type { Transformer } from "./backbone/transformer.ts";
import { refuseTooLarge } from "./backbone/unpackedSize.ts";
import { wordTableOf } from "./backbone/wordTable.ts";
import type { AnyExample, Reader } from "./reader.ts";
import { createReaders } from "./readers.ts";
import { requireAnswering } from "./textReader.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";
import type { DeviceSource, LoadProgress, TrainerSetup } from "./trainer.ts";
import { type Admitted, admitTransformer } from "./training/admitTransformer.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { type TunedLayout, tunedLayout } from "./tuning/layout.ts";
import { fetchSourcePrompts, type SourcePrompt } from "./tuning/sourcePrompts.ts";

/** A device's examples by use; a volunteer's own device has no evaluation rows of its own. */
export interface DeviceExamples<E = Example> {
  readonly train: readonly E[];
  /** Of the test split, with the device's label prior. */
  readonly personalised: readonly E[];
  readonly globalTest: readonly E[];
  readonly globalValidation: readonly E[];
}

/** What all devices of a tab share. */
export interface Workplace<E = Example> {
  readonly run: RunSettings;
  readonly task: TaskDefinition;
  readonly random: Random;
  readonly backbone: PackedBackbone;
  readonly transformer: Transformer;
  readonly layout: TunedLayout;
  readonly reader: Reader<E>;
  /** The bare backbone: of classes through label words. Made when first asked for, and throws where the backbone lacks the words. */
  zeroShotReader(): Reader<E>;
  examplesOf(source: DeviceSource): DeviceExamples<E>;
  /** The tab's copy of the server's search, in runs that search. */
  readonly searchReplica: SearchReplica;
  /** The backbone's vocabulary, for prompts of words; read when first asked for. */
  wordTable(): WordTable;
  /** The tab's copy of the parameters, in runs whose seeds they follow from. */
  readonly seedReplica: SeedReplica;
  /** Training rows that the run's server reads and no device gets; none where its strategy distils nothing. */
  publicExamples(): readonly E[];
}

/** A workplace whose backbone has been tested on this backend. */
export interface OpenedWorkplace extends Workplace<AnyExample> {
  /** What a share holds to train on in a lesson that deals the training rows again by label with this α; as many as before. */
  skewedRows(index: number, dirichletAlpha: number): readonly AnyExample[];
  /** Rows of the test part whose answers a report shows. */
  shownExamples(numShown: number): readonly AnyExample[];
  readonly admitted: Omit<Admitted, "transformer">;
}

/** What a trainer loads with; a test hands in its own. */
export type LoadPorts = Pick<LoadOptions, "fetch" | "cache" | "storage" | "read" | "onNotice" | "readsOneAtATime">;

/** Throws a sentence when a run cannot use this backbone here; asked before anything large is fetched. */
export function refuseUnusable(
  manifest: Pick<BackboneManifest, "config" | "name" | "tokenizer">,
  backend: string,
  tuning: TuningSettings,
): void {
  if (manifest.tokenizer === null) throw new Error(withoutTokenizer(manifest.name));
  refuseTooLarge(manifest, backend, tuning);
}

/** What a trainer loads with while its backend starts. */
interface OpeningPorts extends LoadPorts {
  /** Settles when the backend computes, or does not start; by default it computes already. */
  readonly whenStarted?: Promise<unknown>;
}

/** Loads backbone, tokenizer and data set, puts the weights on the backend once it has started and tests what it computes with them. */
export async function openWorkplace(
  setup: Pick<TrainerSetup, "run" | "manifestUrl" | "datasetUrl" | "kernels" | "isForwardOnly">,
  { whenStarted = Promise.resolve(), ...ports }: OpeningPorts,
  onProgress: (progress: LoadProgress) => void,
  signal?: AbortSignal,
): Promise<OpenedWorkplace> {
  const { run } = setup;
  const { backbone, tokenizer, task, dataset, sourcePrompts } = await loadParts(setup, { ...ports, whenStarted }, onProgress, signal);
  onProgress({ phase: "admission", doneBytes: 0, totalBytes: 0 });
  const { transformer, ...admitted } = await admitTransformer(backbone, setup.kernels, setup.isForwardOnly === true ? "forward" : "both");
  const layout = tunedLayout(backbone.config, run.tuning, numClassesOf(task));
  const random = createRandom(run.seed);
  const parts = { transformer, tokenizer, layout, tuner: createTuner(transformer, run.tuning, { random, sourcePrompts }) };
  const { reader, createZeroShot } = await createReaders(parts, task, { tuning: run.tuning, tokenizerConfig: backbone.tokenizerConfig });
  let zeroShot: Reader<AnyExample> | null = null;
  let shares: DealtShares["shares"] | null = null;
  let skewed: { readonly dirichletAlpha: number; readonly shares: readonly (readonly number[])[] } | null = null;
  const dealt = () => {
    shares ??= dealDataset(task, dataset, run).shares;
    return shares;
  };
  return {
    run,
    task,
    random,
    backbone,
    transformer,
    admitted,
    layout,
    reader,
    searchReplica: createSearchReplica(),
    wordTable: readOnce(() => wordTableOf(backbone)),
    seedReplica: createSeedReplica(run.seed),
    zeroShotReader() {
      zeroShot ??= createZeroShot();
      return zeroShot;
    },
    examplesOf(source) {
      if (source.kind === "own") return examplesOfOne(source.examples, run);
      return examplesOfShare(dataset, dealt(), source.index);
    },
    skewedRows(index, dirichletAlpha) {
      if (skewed?.dirichletAlpha !== dirichletAlpha) {
        const settings = { shares: dealt(), dirichletAlpha, seed: run.seed };
        skewed = { dirichletAlpha, shares: dealDatasetSkewed(task, dataset, settings) };
      }
      return (skewed.shares[index] ?? []).map((row) => dataset.train[row]);
    },
    shownExamples: (numShown) => shownRows(run, dataset.test.length, numShown).flatMap((row) => dataset.test[row] ?? []),
    publicExamples: () => publicRows(run, dataset.train.length).flatMap((row) => dataset.train[row] ?? []),
  };
}

function readOnce<T>(read: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

interface LoadedParts {
  readonly backbone: PackedBackbone;
  readonly tokenizer: TextTokenizer;
  readonly task: TaskDefinition;
  readonly dataset: Dataset<AnyExample>;
  readonly sourcePrompts: readonly SourcePrompt[];
}

/** Loads everything side by side, until the backend has started, too; when one part fails, the others are given up. */
async function loadParts(
  setup: Pick<TrainerSetup, "run" | "manifestUrl" | "datasetUrl">,
  { whenStarted, ...ports }: LoadPorts & { readonly whenStarted: Promise<unknown> },
  onProgress: (progress: LoadProgress) => void,
  outer: AbortSignal | undefined,
): Promise<LoadedParts> {
  const { run } = setup;
  outer?.throwIfAborted();
  const failed = new AbortController();
  const signal = outer === undefined ? failed.signal : AbortSignal.any([outer, failed.signal]);
  const fetchText = fetchTextOf(setup, ports, onProgress, signal);
  const accepted = deferred<Pick<BackboneManifest, "config">>();
  const loadModel = async () => {
    const backbone = await loadBackbone({
      ...ports,
      manifestUrl: setup.manifestUrl,
      checkManifest: (manifest) => refuseUnusableHere(manifest, run.tuning, whenStarted).then(() => accepted.resolve(manifest)),
      onProgress: (progress) => onProgress({ phase: "backbone", ...progress }),
      signal,
    });
    onProgress({ phase: "tokenizer", doneBytes: 0, totalBytes: 0 });
    return { backbone, tokenizer: tokenizerOf(backbone) };
  };
  const loadTask = async (model: Promise<Pick<LoadedParts, "backbone">>) => {
    const task = await taskOfRun(run, fetchText);
    const { config } = await Promise.race([accepted.promise, model.then(({ backbone }) => backbone)]);
    if (task.kind !== "classification") requireAnswering(task, config);
    return { task, dataset: await loadDataset(task, fetchText, run.seed) };
  };
  const loadPrompts = () => fetchSourcePrompts(run, (path) => fetchText(`../../${path}`)); // beside the data sets
  try {
    const model = loadModel();
    const loading = Promise.all([model, loadTask(model), loadPrompts()]);
    const shown = loading.then(() => onProgress({ phase: "backend", doneBytes: 0, totalBytes: 0 }));
    const [[{ backbone, tokenizer }, { task, dataset }, sourcePrompts]] = await Promise.all([loading, whenStarted, shown]);
    outer?.throwIfAborted();
    return { backbone, tokenizer, task, dataset, sourcePrompts };
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

/** Which backend it will be matters only for what is too large for WASM. */
async function refuseUnusableHere(manifest: BackboneManifest, tuning: TuningSettings, whenStarted: Promise<unknown>): Promise<void> {
  if (isUsable(manifest, "wasm", tuning)) return;
  await whenStarted;
  refuseUnusable(manifest, tf.getBackend(), tuning);
}

function isUsable(...asked: Parameters<typeof refuseUnusable>): boolean {
  try {
    refuseUnusable(...asked);
    return true;
  } catch {
    return false;
  }
}

function tokenizerOf({ name, tokenizerJson, tokenizerConfig }: PackedBackbone): TextTokenizer {
  if (tokenizerJson === null) throw new Error(withoutTokenizer(name));
  return createTokenizer(tokenizerJson, tokenizerConfig);
}

const withoutTokenizer = (name: string) =>
  `backbone ${name} has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json`;

/** Fetches files of the data set's folder. */
export function fetchTextOf(
  { datasetUrl }: Pick<TrainerSetup, "datasetUrl">,
  { fetch = globalThis.fetch }: LoadPorts,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal | undefined,
): FetchText {
  const folder = new URL(datasetUrl.endsWith("/") ? datasetUrl : `${datasetUrl}/`, globalThis.location?.href);
  let doneBytes = 0;
  return async (file) => {
    const url = new URL(file, folder);
    const response = await fetch(url.href, signal === undefined ? {} : { signal });
    if (!response.ok) throw new Error(`data set file ${url.href}: HTTP ${response.status}`);
    const text = await response.text();
    doneBytes += text.length;
    onProgress({ phase: "dataset", doneBytes, totalBytes: 0 });
    return text;
  };
}

/** A volunteer's own; where all texts of a run are typed, every fifth stays back to evaluate on (P-193). */
/** Of typed texts no more are evaluated on than a device keeps back that counts with all that the run lets it (P-121). */
function examplesOfOne(examples: readonly AnyExample[], run: RunSettings): DeviceExamples<AnyExample> {
  const { train, keptBack: all } = run.labels === undefined ? { train: examples, keptBack: [] } : withKeptBack(examples);
  const keptBack = all.slice(0, maxKeptBack(claimLimit(run) ?? examples.length));
  return { train, personalised: keptBack, globalTest: keptBack, globalValidation: [] };
}

function examplesOfShare(dataset: Dataset<AnyExample>, shares: DealtShares["shares"], index: number): DeviceExamples<AnyExample> {
  const share = shares[index];
  if (share === undefined) throw new Error(`there is no share ${index}: the data set has ${shares.length} shares, one for each device`);
  const rows = (examples: readonly AnyExample[], indices: readonly number[]) => indices.map((row) => examples[row]);
  return {
    train: rows(dataset.train, share.train),
    personalised: rows(dataset.test, share.personalised),
    globalTest: rows(dataset.test, share.globalTest),
    globalValidation: rows(dataset.validation, share.globalValidation),
  };
}
