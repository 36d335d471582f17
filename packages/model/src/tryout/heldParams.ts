import { type Params, pickNames, type RunSettings } from "@tutti/core";
import { z } from "zod";
import { openPromptsFile } from "../prompts/promptsFile.ts";
import type { TunedLayout } from "../tuning/layout.ts";
import type { Answerer, TunedFacts } from "./tryout.ts";

/** The tuned parameters of a run and a device's own, as they were taken. */
export interface HeldParams {
  takeTuned(file: Uint8Array): TunedFacts;
  takeOwn(local: Params | null): void;
  /** Null for the bare backbone; throws where nothing of that name was taken. */
  of(answerer: Answerer): Params | null;
  tuned(): Params | null;
  runId(): string;
}

const namesSchema = z.array(z.string());

/** Holds nothing at first. `layout` is what a newcomer of the run has. */
export function createHeldParams(layout: TunedLayout, run: RunSettings): HeldParams {
  let tuned: Params | null = null;
  let sharedNames: readonly string[] = [];
  let runId = "";
  let own: Params | null = null;
  return {
    takeTuned(file) {
      const { params, metadata } = openPromptsFile(file);
      for (const name of ["backbone", "task"] as const) {
        if (metadata[name] !== run[name])
          throw new Error(
            `the tuned parameters are of ${name} ${metadata[name] ?? "unknown"}, and this run has ${run[name]}: reload this page`,
          );
      }
      requireFit(layout, params, run);
      [tuned, runId, sharedNames] = [params, metadata.runId ?? "", namesOf(metadata.sharedNames)];
      own = null;
      const round = metadata.round === undefined ? null : Number(metadata.round);
      return {
        runId,
        round: Number.isSafeInteger(round) ? round : null,
        parametersSha256: metadata.parametersSha256 ?? "",
        numShared: sharedNames.length,
        numParameters: Object.keys(params).length,
      };
    },
    takeOwn(local) {
      if (tuned === null) throw new Error("a device's own layers lie over the tuned parameters, and there are none yet");
      if (local === null) {
        own = null;
        return;
      }
      const whole = { ...tuned, ...local, ...pickNames(tuned, sharedNames) };
      requireFit(layout, whole, run);
      own = whole;
    },
    of(answerer) {
      if (answerer === "before") return null;
      const found = answerer === "tuned" ? tuned : own;
      if (found === null) throw new Error(answerer === "tuned" ? "nothing is tuned yet" : "this browser keeps no layers of a device");
      return found;
    },
    tuned: () => tuned,
    runId: () => runId,
  };
}

function namesOf(json: string | undefined): readonly string[] {
  return namesSchema.catch([]).parse(JSON.parse(json ?? "[]"));
}

/** Throws a sentence where parameters are not those that a newcomer trains, such as ranks that were planned for one device. */
function requireFit({ entries }: TunedLayout, params: Params, { tuning, strategy }: RunSettings): void {
  const wrong = entries.find(({ name, numValues }) => params[name]?.data.length !== numValues);
  if (wrong === undefined) return;
  const { name, shape, numValues } = wrong;
  const found = params[name]?.data.length;
  throw new Error(
    `this run's parameters cannot be tried here: under ${strategy.name} and ${tuning.method}, ${name} of shape [${shape}] needs ${numValues} values, ${found === undefined ? "and it is missing" : `and ${found} came`}`,
  );
}
