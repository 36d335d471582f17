import { projectFolder } from "@tutti/server/checkout";
import type { BenchRow } from "../rows.ts";
import { benchMethods } from "../speed/methods.ts";
import type { SpeedAsked } from "../speed/speedAsked.ts";
import { coreRows } from "./cores.ts";
import { systemDemoRows } from "./demos.ts";
import { editRows } from "./editing.ts";
import { measuringRows } from "./measuring.ts";
import { mergeRows } from "./merging.ts";
import { perturbationRows } from "./perturbing.ts";
import { planningRows } from "./planning.ts";
import { searchRows } from "./searching.ts";
import { shrinkRows, shrinkSteps } from "./shrinking.ts";
import { sparseRows } from "./sparse.ts";

/**
 * What the systems beside FedPepTAO cost: planning, merging, rounds of perturbations, of devices without a backward pass, of a search, of edits, of tensor
 * trains, of shrinking ranks and of sparse differences, a step of LoRA and of trains, and both demos.
 */
export async function benchSystems(asked: SpeedAsked): Promise<BenchRow[]> {
  const { isQuick, say, signal } = asked;
  const methods = await benchMethods({ now: projectFolder, before: null, isQuick, say, signal });
  const ofThese = methods.filter(({ name }) => /lora|tensorTrain/.test(name));
  return [
    ...planningRows(),
    ...(await mergeRows()),
    ...(await searchRows()),
    ...(await perturbationRows()),
    ...(await measuringRows()),
    ...(await editRows()),
    ...(await coreRows()),
    ...(await shrinkRows()),
    ...(await shrinkSteps()),
    ...(await sparseRows(isQuick)),
    ...ofThese,
    ...(await systemDemoRows(asked)),
  ];
}
