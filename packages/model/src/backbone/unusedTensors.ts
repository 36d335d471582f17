import { findSource } from "./checkpoint.ts";
import type { BackboneConfig } from "./config.ts";
import type { SafetensorsEntry } from "./safetensors.ts";
import { type TensorName, tensorNames } from "./tensorNames.ts";

type Entries = ReadonlyMap<string, SafetensorsEntry>;

/** Buffers that hold no weights, and copies that the library computes when it needs them. */
const buffers = /(^|\.)(position_ids|token_type_ids|h\.\d+\.attn\.(bias|masked_bias)|rotary_emb\.(inv_freq|cos_cached|sin_cached))$/;

/** Parts that only other tasks than predicting words use. */
const otherHeads = /(^|\.)(pooler|seq_relationship|classifier|score|qa_outputs|multiple_choice_head|summary)\./;

const maxNamed = 10;

/**
 * Sentences about the tensors of a checkpoint that no part of the backbone is made from. Throws where a bias belongs to a matrix that is
 * used: without it the numbers would be those of another model.
 */
export function describeUnused(config: BackboneConfig, entries: Entries): string[] {
  const wanted = tensorNames(config);
  const used = new Set(wanted.map((one) => findSource(one, entries).source));
  const known = new Set([...used, ...copiesOfHead(config, wanted)]);
  refuseBiases(config, used, known, entries);
  const unused = [...entries.keys()].filter((name) => !known.has(name) && !buffers.test(name)).sort();
  const heads = unused.filter((name) => otherHeads.test(name));
  const others = unused.filter((name) => !otherHeads.test(name));
  return [
    ...(heads.length === 0 ? [] : [`left out, as only other tasks use them: ${listed(heads)}`]),
    ...(others.length === 0 ? [] : [`not used by a ${config.family} of this configuration: ${listed(others)}`]),
  ];
}

/** The head's bias has two names, and a tied output may be stored beside the table. */
function copiesOfHead(config: BackboneConfig, wanted: readonly TensorName[]): string[] {
  const output = tensorNames({ ...config, hasTiedEmbeddings: false }).filter(({ name }) => name === "head.output");
  return [...wanted.filter(({ name }) => name === "head.bias"), ...output].flatMap(({ sources }) => [...sources]);
}

function refuseBiases(config: BackboneConfig, used: ReadonlySet<string>, known: ReadonlySet<string>, entries: Entries): void {
  const matrices = [...used, ...copiesOfHead(config, [])];
  for (const matrix of matrices) {
    const base = /^(.*)\.(weight|gamma)$/.exec(matrix)?.[1];
    const bias = ["bias", "beta"].map((end) => `${base}.${end}`).find((name) => entries.has(name) && !known.has(name));
    if (base === undefined || bias === undefined) continue;
    throw new Error(
      `the checkpoint holds ${bias}, but a ${config.family} of this configuration adds no bias to ${matrix}: ` +
        "it is another kind of model, which is not supported",
    );
  }
}

/** The first names, then how many there are. */
function listed(names: readonly string[]): string {
  const rest = names.length - maxNamed;
  return names.slice(0, maxNamed).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
