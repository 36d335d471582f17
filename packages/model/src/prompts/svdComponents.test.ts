import { loraMatrices, type Params, presets, type RunSettings, svdTriplets, type Tensor, tunings } from "@tutti/core";
import { expect, test } from "vitest";
import { readSafetensors } from "../backbone/safetensors.ts";
import { drawValues } from "../testing/layerTuners.ts";
import { goldenPeftBackbone } from "../testing/peftGolden.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { peftFiles, writePeftFolder } from "./peftFolder.ts";
import { loraModules, nameInLayer, pathIn } from "./peftLoraModules.ts";
import { readPromptsFile, writePromptsFile } from "./promptsFile.ts";

const tuning = {
  ...presets.demo.tuning,
  ...tunings.svdLora.defaults,
  rank: 3,
  alpha: 6,
  head: "labelWords",
  targets: ["q", "k", "v", "down"],
} as const;
const settings: RunSettings = { ...presets.demo, tuning };

/** Parameters of a family of which some components are dead, all of the first layer's queries and the whole second layer. */
function pruned(family: string): Params {
  const values = drawValues(tunedLayout(goldenPeftBackbone(family).config, tuning, 0).entries, 0.2);
  const isDead = (name: string, c: number) =>
    name.startsWith("svdLora/1/") || name.startsWith("svdLora/0/query/") || (c === 1 && name.includes("/down/"));
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => {
      const componentOf = (at: number) => (name.endsWith("/p") ? at % shape[1] : Math.floor(at / (shape[1] ?? 1)));
      return [name, { shape, data: data.map((value, at) => (isDead(name, componentOf(at)) ? 0 : value)) }];
    }),
  );
}

/** b a times a factor, or P diag(e) Q. */
function productOf(b: Tensor, a: Tensor, factorOf: (component: number) => number): number[] {
  const [[numRows, rank], [, width]] = [b.shape, a.shape];
  return Array.from({ length: numRows * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    let sum = 0;
    for (let c = 0; c < rank; c++) sum += factorOf(c) * b.data[row * rank + c] * a.data[c * width + column];
    return sum;
  });
}

test("a file of tuned parameters holds the components that are alive, and is read back so", () => {
  const params = pruned("roberta");
  const file = writePromptsFile({ runId: "run", settings, params });
  const { params: read } = readPromptsFile(file, () => settings);
  const ranks = Object.fromEntries(svdTriplets({ layerNames: [], alwaysShared: Object.keys(read) }).map(({ e }) => [e, read[e].shape[0]]));
  expect(ranks).toMatchObject({ "svdLora/0/key/e": 3, "svdLora/0/down/e": 2, "svdLora/2/query/e": 3, "svdLora/2/down/e": 2 });
  expect(Object.keys(ranks).some((name) => name.startsWith("svdLora/1/") || name === "svdLora/0/query/e")).toBe(false);
  const { "svdLora/0/down/e": whole } = params;
  expect([...read["svdLora/0/down/e"].data]).toEqual([whole.data[0], whole.data[2]]);
  expect(file.length).toBeLessThan(
    0.8 *
      writePromptsFile({
        runId: "run",
        settings,
        params: drawValues(tunedLayout(goldenPeftBackbone("roberta").config, tuning, 0).entries, 1),
      }).length,
  );
});

test.each(["roberta", "gpt2"])(
  "as an adapter of peft, each module of a %s has the rank that is left of it, at the run's scale, and dead ones are not there",
  (family) => {
    const params = pruned(family);
    const backbone = goldenPeftBackbone(family);
    const files = writePeftFolder({ runId: "run", settings, params }, backbone);
    const config = JSON.parse(new TextDecoder().decode(files.get(peftFiles.config)));
    const { params: tensors } = readSafetensors(files.get(peftFiles.weights) ?? new Uint8Array());
    expect(config).toMatchObject({ peft_type: "LORA", r: 3, lora_alpha: 6 });
    const living: string[] = [];
    for (const module of loraModules(backbone.config, tuning)) {
      const name = `${module.layer}.${nameInLayer(module)}`;
      const place = `base_model.model.${pathIn(module, backbone.config, false)}`;
      const [a, b] = [tensors[`${place}.lora_A.weight`], tensors[`${place}.lora_B.weight`]];
      const alive = module.layer !== 1 && module.parts.some(({ matrix }) => module.layer !== 0 || matrix.target !== "q");
      expect(a !== undefined, name).toBe(alive);
      if (a === undefined || b === undefined) continue;
      living.push(name);
      const key = name.replaceAll(".", "\\.");
      expect(config.rank_pattern[key]).toBe(a.shape[0]);
      const scale = config.alpha_pattern[key] / config.rank_pattern[key];
      expect(scale).toBeCloseTo(loraMatrices(tuning)[0].scale, 12);
      const product = productOf(b, a, () => scale);
      for (const { matrix, firstOutput, numOut } of module.parts) {
        const stem = `svdLora/${module.layer}/${matrix.name}`;
        const wanted = productOf(params[`${stem}/p`], params[`${stem}/q`], (c) => 2 * params[`${stem}/e`].data[c]);
        const found = product.slice(firstOutput * module.numIn, (firstOutput + numOut) * module.numIn);
        for (const [at, value] of wanted.entries()) expect(Math.abs(found[at] - value), `${stem} ${at}`).toBeLessThan(1e-6); // f32
      }
    }
    expect(config.target_modules).toEqual(living);
  },
);
