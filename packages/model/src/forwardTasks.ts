import {
  createRandom,
  maxMagnitude,
  type Params,
  type PooledTask,
  promptOf,
  type SearchTask,
  type SeedPoolSpec,
  scalars,
  searched,
  seedPool,
  tuningOf,
} from "@tutti/core";
import type { AnyExample } from "./reader.ts";
import { type Body, globalOf, type Spec, stream, streamName, type TaskInput, trainingRows } from "./taskInput.ts";
import type { TrainerTask } from "./trainer.ts";
import { hasMovedProducts, movedWeights } from "./training/movedWeights.ts";
import { throwIfAborted, yieldToEvents } from "./training/pause.ts";
import { perturbedWeights } from "./training/perturbedWeights.ts";
import { editPrompt } from "./training/promptEditing.ts";
import { searchPrompt } from "./training/promptSearch.ts";
import { type PerturbedModel, perturbedParams, trainBySeeds } from "./training/seedTraining.ts";
import type { Workplace } from "./workplace.ts";

/** Searches the prompt's coordinates by some of the device's examples, from where the server's search stands (P-210). */
export async function computeSearch({ place, examples, task, onStep, signal }: TaskInput<Spec<"search">>): Promise<Body<"search">> {
  const { spec, parameterSets } = task;
  const { reader, searchReplica } = place;
  const start = searchReplica.follow(searchTask(task, spec), parameterSets);
  const chosen = stream(place, task, "shuffle").shuffle(examples.train).slice(0, spec.maxExamples);
  const { displacement, fitness, stepSize } = await searchPrompt(reader.tuned, reader.encode(chosen, trainingRows(examples)), {
    start,
    spec,
    candidates: stream(place, task, "candidates"),
    corruption: stream(place, task, "corruption"),
    onStep,
    signal,
  });
  const delta = { [searched]: { shape: [displacement.length], data: Float32Array.from(displacement) } };
  return { kind: "search", delta, fitness, stepSize };
}

/** Edits the round's prompt by some of the device's examples and some public ones; places and words are drawn alike on all devices of a round (P-245). */
export async function computeEdit({ place, examples, task, onStep, signal }: TaskInput<Spec<"edit">>): Promise<Body<"edit">> {
  const { spec } = task;
  const { reader } = place;
  const chosen = stream(place, task, "shuffle").shuffle(examples.train).slice(0, spec.maxExamples);
  const published = place.publicExamples();
  const shared = balanced(published, spec.maxPublic);
  const contexts = reader.encode(shared, { name: "public examples", rows: published });
  const { stage, round, attempt } = task;
  const words = place.wordTable();
  const { tokens, accuracy } = await editPrompt(reader.tuned, [...reader.encode(chosen, trainingRows(examples)), ...contexts], {
    start: promptOf(globalOf(task)),
    spec,
    words,
    contexts,
    edits: place.random.stream({ stage, round, attempt, purpose: "edit/edits" }),
    onStep,
    signal,
  });
  const rows = words.rows(tokens);
  const texts = tokens.map((id) => words.textOf(id) ?? "");
  const width = place.transformer.config.hiddenSize;
  return { kind: "edit", tokens, accuracy, words: { rows: { shape: [tokens.length, width], data: rows }, texts } };
}

/** The first examples of each class in turn. */
function balanced(examples: readonly AnyExample[], most: number): AnyExample[] {
  const ofClass = new Map<unknown, AnyExample[]>();
  for (const example of examples) {
    const label = "label" in example ? example.label : null;
    ofClass.set(label, [...(ofClass.get(label) ?? []), example]);
  }
  const lists = [...ofClass].sort(([a], [b]) => Number(a) - Number(b)).map(([, list]) => list);
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? []))
    .flat()
    .slice(0, most);
}

/** Tries perturbations of the run's parameters by the device's examples (P-220). */
export async function computePerturb(input: TaskInput<Spec<"perturb">>): Promise<Body<"perturb">> {
  const { place, examples, task, onStep, signal } = input;
  const { spec, expects } = task;
  const { reader, run, random } = place;
  const encoded = reader.encode(examples.train, trainingRows(examples));
  const params = await pooled(input, spec.pool);
  const model = perturbed(place, params);
  const training = {
    spec,
    seeds: seedPool(createRandom(run.seed), spec.pool.numSeeds),
    batchSize: expects.batchSize,
    shuffle: random.stream(streamName(task, "shuffle")),
    onStep,
    signal,
  };
  const trained = trainBySeeds(model, encoded, training);
  const { scalars: data, ...told } = await trained.finally(() => {
    model.restore();
    if (maxMagnitude(params) >= largestExact(spec.pool)) place.seedReplica.forget(); // a sum on the way may have been rounded
  });
  return { kind: "perturb", delta: { [scalars]: { shape: [data.length], data } }, ...told };
}

/** The run's parameters, to be tried a perturbation away: few, all weights as products move them, or a layer at a time. */
function perturbed({ run, reader, backbone, transformer }: Workplace<AnyExample>, params: Params): PerturbedModel {
  if (!tuningOf(run.tuning).trainsBackbone) return perturbedParams(reader.tuned, params);
  return (hasMovedProducts(transformer) ? movedWeights : perturbedWeights)(reader.tuned, backbone, params);
}

/** Half of what sums on the grid are exact to. */
const largestExact = ({ gridBits }: SeedPoolSpec) => 2 ** (23 - gridBits);

/** The parameters that the run has come to, which the tab's copy owns. */
export function pooled({ place, task, onStep, signal }: TaskInput, pool: SeedPoolSpec): Promise<Params> {
  return place.seedReplica.follow(pooledTask(place, pool), task.parameterSets, async (step, numSteps) => {
    onStep?.({ step, numSteps, loss: 0, phase: "replay" });
    throwIfAborted(signal);
    await yieldToEvents();
  });
}

export function pooledTask({ layout }: Pick<Workplace, "layout">, pool: SeedPoolSpec): PooledTask {
  return { shapes: Object.fromEntries(layout.entries.map(({ name, shape }) => [name, shape])), pool };
}

export function searchTask({ round, expects }: Pick<TrainerTask, "round" | "expects">, spec: Spec<"search">): SearchTask {
  const shape = expects.shapes[searched];
  if (shape === undefined) throw new Error(`a search task wants ${Object.keys(expects.shapes).join(", ")} back, and not ${searched}`);
  return { round, size: shape[0], spec };
}
