import { drawValues, entriesOf, type LayerMethod, methodsOf, probe, tinyTokens } from "../testing/layerTuners.ts";
import { testOnWebGpu } from "../testing/probesOnBackends.ts";

// beside all matrices at once every kernel is there that one of them alone needs, and each case compiles its own on a software adapter
const isQuick = ({ tuning }: LayerMethod) => tuning.method !== "lora" || tuning.targets?.length !== 1;

testOnWebGpu(
  ["roberta", "llama"].flatMap((family) =>
    methodsOf(family)
      .filter(isQuick)
      .map((method) => ({
        family,
        name: method.name,
        probe: (transformer) => probe(method.create(transformer), drawValues(entriesOf(method, transformer), 0.05), tinyTokens()),
      })),
  ),
);
