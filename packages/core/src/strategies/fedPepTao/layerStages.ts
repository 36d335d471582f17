import { createRandom } from "../../random.ts";
import { findKeepRatio, meanRatio, medianRatio } from "../../selection/layerCount.ts";
import { combineLayerScores, medianLayerScores, numLayersToKeep, selectLayers } from "../../selection/selectLayers.ts";
import type { Contribution, RoundPlan } from "../../task.ts";
import { averageSent, contributionsOf } from "../averaging.ts";
import type { SpectrumProbe } from "../strategy.ts";
import { allNames, namesOfLayers, under, withPrefix } from "../tensors.ts";
import type { FedPepTaoSettings } from "./settings.ts";
import type { FedPepTaoState, FedPepTaoValues } from "./state.ts";

/** Stage A (fedpeptao.md §3): s_l over the devices that scored. */
export function closeScoring(state: FedPepTaoState, contributions: readonly Contribution[]): FedPepTaoState {
  const scored = contributionsOf(contributions, "score");
  const devices = scored.map(({ numExamples, body }) => ({ numExamples, layerScores: body.layerScores }));
  const isMedian = state.values.settings.pooling === "median";
  const layerScores = isMedian ? medianLayerScores(devices) : combineLayerScores(devices);
  if (layerScores === null) throw new Error("layer scores: no device sent scores; at least one device needs two different examples");
  const { numLayers } = state.values.shape;
  if (layerScores.length !== numLayers) throw new Error(`layer scores: ${numLayers} layers expected, received ${layerScores.length}`);
  return { ...state, values: { ...state.values, layerScores } };
}

/** A counting round of Stage B (fedpeptao.md §4, step 1): plain averaging of everything. */
export function closeCounting(state: FedPepTaoState, plan: RoundPlan, contributions: readonly Contribution[]): FedPepTaoState {
  const averaged = averageSent(state.values.run, plan, contributions);
  const lastCohort = plan.tasks.map((task) => task.deviceId);
  return { values: { ...state.values, lastCohort }, tensors: { ...state.tensors, ...withPrefix("W/", averaged) } };
}

/** The probes of Stage B (fedpeptao.md §4, steps 3 to 5): r is the unweighted mean, or the median, over the devices whose spectrum has a plateau. */
export function closeProbing(state: FedPepTaoState, contributions: readonly Contribution[]): FedPepTaoState {
  const { settings } = state.values;
  const probes = contributionsOf(contributions, "probe").map(({ deviceId, body: { ritzValues, ritzWeights } }): SpectrumProbe => {
    try {
      const { ratio } = findKeepRatio(ritzValues, ritzWeights, settings.probeScale);
      return { deviceId, ritzValues, ritzWeights, keepFraction: ratio };
    } catch (error) {
      return { deviceId, ritzValues, ritzWeights, keepFraction: null, reason: error instanceof Error ? error.message : String(error) };
    }
  });
  const ratios = probes.flatMap((probe) => probe.keepFraction ?? []);
  if (ratios.length === 0) throw new Error(`layer count: no device's spectrum could be read (${probes.map((p) => p.reason).join("; ")})`);
  return {
    ...state,
    values: { ...state.values, probes, keepFraction: settings.pooling === "median" ? medianRatio(ratios) : meanRatio(ratios) },
  };
}

/** The step into Stage C: 𝓢 is chosen, W shrinks to what travels, the rest becomes the prompts that devices start from. */
export function startTraining(state: FedPepTaoState): FedPepTaoState {
  const { values, tensors } = state;
  const { settings, shape } = values;
  const keepFraction = settings.keepFraction === "auto" ? (values.keepFraction ?? 1) : settings.keepFraction;
  const selectedLayers = chooseLayers(settings, values, keepFraction);
  const start = under(tensors, settings.initialPrompts === "fresh" ? "initial/" : "W/");
  const shared = new Set(namesOfLayers(shape, selectedLayers));
  const entries = allNames(shape).map((name) => [`${shared.has(name) ? "W/" : "initial/"}${name}`, start[name]]);
  return { values: { ...values, keepFraction, selectedLayers }, tensors: Object.fromEntries(entries) };
}

function chooseLayers(settings: FedPepTaoSettings, values: FedPepTaoValues, keepFraction: number): number[] {
  const { run, shape, layerScores } = values;
  return selectLayers(settings.selector, {
    numLayers: shape.numLayers,
    numKept: numLayersToKeep(keepFraction, shape.numLayers),
    random: createRandom(run.seed).stream({ stage: "count", purpose: "layers" }),
    ...(layerScores === null ? {} : { scores: layerScores }),
  });
}
