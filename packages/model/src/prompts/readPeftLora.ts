import { type LoraOwn, type LoraTarget, type Params, type Tensor, tunings } from "@tutti/core";
import { z } from "zod";
import type { BackboneConfig } from "../backbone/config.ts";
import { moduleScale } from "./peftLora.ts";
import { type LoraModule, loraModules, targetsOf } from "./peftLoraModules.ts";

const alphaSchema = z.number().positive();

const unlike = "with it peft computes something else than W x + scale · B A x, which alone is read; tune without it";
const off = z.literal(false, unlike).nullish();
const none = z.null(unlike).optional();

const fieldsSchema = z.looseObject({
  lora_alpha: alphaSchema,
  alpha_pattern: z.record(z.string(), alphaSchema).nullish(),
  use_rslora: z.boolean().nullish(),
  bias: z.literal("none", unlike).nullish(),
  init_lora_weights: z
    .union([z.boolean(), z.enum(["gaussian", "eva", "orthogonal"])], "the model's own weights were changed at the start; tune with true")
    .nullish(),
  use_dora: off,
  use_qalora: off,
  lora_bias: off,
  layer_replication: none,
  alora_invocation_tokens: none,
});

type Fields = z.infer<typeof fieldsSchema>;

/** What a LORA adapter holds, in Tutti's names, and the settings of a run that it implies. */
export interface ReadLora {
  readonly params: Params;
  readonly own: LoraOwn;
  readonly unused: readonly string[];
}

/** The pair of factors that an adapter has for a module, by the module's name. */
type Pairs = Map<string, { a?: Tensor; b?: Tensor }>;

/**
 * Reads a LORA adapter for a backbone of this configuration. `described` are the settings of the run of Tutti that wrote it; without them every
 * matrix of a module gets the module's A and its rows of B. Throws a sentence that names the field or tensor where something does not fit.
 */
export function readLora(tensors: Params, fields: unknown, config: BackboneConfig, described: LoraOwn | null): ReadLora {
  const parsed = fieldsSchema.safeParse(fields);
  if (!parsed.success) throw new Error(`adapter_config.json: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
  const { pairs, unused } = pairsOf(tensors);
  const own = described ?? impliedBy(pairs, parsed.data, config);
  const params: Record<string, Tensor> = {};
  for (const module of loraModules(config, own)) {
    const path = module.paths.find((name) => pairs.has(name));
    if (path === undefined) {
      throw new Error(
        `tensor base_model.model.${module.paths[0]}.lora_A.weight: missing; a run has differences of the same matrices in all ${config.numLayers} layers`,
      );
    }
    const pair = wholePair(pairs, path, module);
    pairs.delete(path);
    Object.assign(params, described === null ? copied(pair, module) : takenApart(pair, module, own));
  }
  const [stray] = pairs.keys();
  if (stray !== undefined) {
    throw new Error(
      `tensor base_model.model.${stray}.lora_A.weight is beside a module that Tutti does not tune in this backbone; it reads those of ${targetsOf(config).join(", ")} of its ${config.numLayers} layers`,
    );
  }
  return { params, own, unused };
}

/** The settings of the run of Tutti that wrote an adapter, where its metadata names them. */
export function describedLora(settings: string | undefined): LoraOwn | null {
  let json: unknown;
  try {
    json = JSON.parse(settings ?? "null");
  } catch {
    return null; // then it is read like one of others
  }
  const parsed = z.looseObject({ tuning: tunings.lora.schema }).safeParse(json);
  return parsed.success ? parsed.data.tuning : null;
}

function pairsOf(tensors: Params): { pairs: Pairs; unused: string[] } {
  const pairs: Pairs = new Map();
  const unused: string[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const [, path, factor] = /^base_model\.model\.(.+)\.lora_(A|B)\.weight$/.exec(name) ?? [];
    if (path === undefined) unused.push(name);
    else pairs.set(path, { ...pairs.get(path), [factor === "A" ? "a" : "b"]: tensor });
  }
  return { pairs, unused };
}

/** The targets, ranks and alphas of an adapter of others, which must be alike in all layers. */
function impliedBy(pairs: Pairs, fields: Fields, config: BackboneConfig): LoraOwn {
  const found = new Map<LoraTarget, { rank: number; alpha: number }>();
  for (const { paths, parts } of loraModules(config, { rank: 1, alpha: 1, targets: targetsOf(config) })) {
    const path = paths.find((name) => pairs.has(name));
    const rank = path === undefined ? undefined : pairs.get(path)?.a?.shape[0];
    if (path === undefined || rank === undefined) continue;
    const alpha = alphaOf(path, fields);
    for (const { matrix } of parts) {
      const before = found.get(matrix.target);
      if (before !== undefined && (before.rank !== rank || before.alpha !== alpha)) {
        throw new Error(
          `tensor base_model.model.${path}.lora_A.weight: rank ${rank} and alpha ${alpha}, but ${before.rank} and ${before.alpha} in an earlier layer; Tutti has one for ${matrix.target} in all layers`,
        );
      }
      found.set(matrix.target, { rank, alpha });
    }
  }
  const [first] = found.values();
  if (first === undefined) {
    throw new Error(
      `there are no factors of ${targetsOf(config).join(", ")} in adapter_model.safetensors; use the backbone that it was tuned on`,
    );
  }
  const each = (kind: "rank" | "alpha") => Object.fromEntries([...found].map(([target, values]) => [target, values[kind]]));
  return {
    ...first,
    targets: [...found.keys()],
    ranks: each("rank"),
    alphas: each("alpha"),
    alphaOver: fields.use_rslora === true ? "rootRank" : "rank",
  };
}

/** The alpha of a module, by the pattern that its name ends with. */
function alphaOf(path: string, { lora_alpha: usual, alpha_pattern: patterns }: Fields): number {
  const own = Object.entries(patterns ?? {}).find(([pattern]) => ends(path, pattern));
  return own?.[1] ?? usual;
}

/** Whether a name ends with a pattern, in which `\d+` stands for a number; other expressions are refused. */
function ends(path: string, pattern: string): boolean {
  const plain = pattern.replace(/^\^/, "").replaceAll("\\.", ".");
  const parts = plain.split("\\d+");
  if (parts.some((part) => !/^[\w.]*$/.test(part)))
    throw new Error(`adapter_config.json: alpha_pattern ${pattern} is an expression that is not read; write the end of a module's name`);
  return new RegExp(`^(.*\\.)?${parts.map((part) => part.replaceAll(".", "\\.")).join("\\d+")}$`).test(path);
}

function wholePair(pairs: Pairs, path: string, { numIn, numOut, parts }: LoraModule): { a: Tensor; b: Tensor } {
  const { a, b } = pairs.get(path) ?? {};
  if (a === undefined || b === undefined)
    throw new Error(`tensor base_model.model.${path}.lora_${a === undefined ? "A" : "B"}.weight: missing beside the other factor`);
  const rank = a.shape[0];
  const expected = parts.length === 1 ? parts[0].matrix.rank : rank;
  if (a.shape.join() !== `${expected},${numIn}` || b.shape.join() !== `${numOut},${expected}`) {
    throw new Error(
      `tensor base_model.model.${path}.lora_A.weight: shape [${a.shape}], with lora_B [${b.shape}], expected [${expected},${numIn}] and [${numOut},${expected}]; use the backbone that it was tuned on`,
    );
  }
  return { a, b };
}

/** Each matrix of the module with the module's A and its own rows of B. */
function copied({ a, b }: { a: Tensor; b: Tensor }, { layer, parts }: LoraModule): Params {
  const rank = a.shape[0];
  return named(layer, parts, ({ firstOutput, numOut }) => ({
    a: a.data.slice(),
    b: b.data.slice(firstOutput * rank, (firstOutput + numOut) * rank),
    shapes: [
      [rank, a.shape[1]],
      [numOut, rank],
    ],
  }));
}

/** The inverse of `joined`: each matrix with its own rows of A, and its own rows and columns of B. */
function takenApart({ a, b }: { a: Tensor; b: Tensor }, module: LoraModule, own: LoraOwn): Params {
  const { layer, parts, numIn } = module;
  const { rank, scale } = moduleScale(module, own);
  if (a.shape[0] !== rank) {
    throw new Error(
      `tensor base_model.model.${module.paths[0]}.lora_A.weight: rank ${a.shape[0]}, but the run of its metadata has ${rank}; save it again`,
    );
  }
  let first = 0;
  return named(layer, parts, ({ matrix, firstOutput, numOut }) => {
    const start = first;
    first += matrix.rank;
    const factor = matrix.scale / scale;
    return {
      a: a.data.slice(start * numIn, first * numIn),
      b: Float32Array.from({ length: numOut * matrix.rank }, (_, i) => {
        const row = firstOutput + Math.floor(i / matrix.rank);
        return b.data[row * rank + start + (i % matrix.rank)] / factor;
      }),
      shapes: [
        [matrix.rank, numIn],
        [numOut, matrix.rank],
      ],
    };
  });
}

interface OwnFactors {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly shapes: readonly [readonly number[], readonly number[]];
}

function named(layer: number, parts: LoraModule["parts"], factorsOf: (part: LoraModule["parts"][number]) => OwnFactors): Params {
  return Object.fromEntries(
    parts.flatMap((part) => {
      const { a, b, shapes } = factorsOf(part);
      const name = `lora/${layer}/${part.matrix.name}`;
      return [
        [`${name}/a`, { shape: shapes[0], data: a }],
        [`${name}/b`, { shape: shapes[1], data: b }],
      ];
    }),
  );
}
