import { projectFolder } from "@tutti/server/checkout";
import type { BenchRow } from "../rows.ts";
import { benchMethods } from "../speed/methods.ts";
import type { SpeedAsked } from "../speed/speedAsked.ts";
import { systemDemoRows } from "./demos.ts";
import { mergeRows } from "./merging.ts";
import { planningRows } from "./planning.ts";
import { searchRows } from "./searching.ts";
import { sparseRows } from "./sparse.ts";

/** What the systems beside FedPepTAO cost: planning, merging, the rounds of a search and of sparse differences, a step of LoRA and both demos. */
export async function benchSystems(asked: SpeedAsked): Promise<BenchRow[]> {
  const { isQuick, say, signal } = asked;
  const methods = await benchMethods({ now: projectFolder, before: null, isQuick, say, signal });
  const ofLora = methods.filter(({ name }) => name.includes("lora"));
  return [
    ...planningRows(),
    ...(await mergeRows()),
    ...(await searchRows()),
    ...(await sparseRows(isQuick)),
    ...ofLora,
    ...(await systemDemoRows(asked)),
  ];
}
