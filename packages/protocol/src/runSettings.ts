import {
  aggregationFaultOf,
  brokenModuleRules,
  isModule,
  lacksEdits,
  type RunSettings,
  runConditions,
  strategyRules,
  strategySchema,
  tuningSchema,
} from "@tutti/core";
import { z } from "zod";

/** Lets a check of several fields judge them where each of them is sound, whatever is wrong elsewhere: so all faults are told at once. */
function ifSound(...names: readonly (keyof RunSettings)[]) {
  const isOfThese = (key: PropertyKey | undefined) => names.some((name) => name === key);
  return ({ issues }: z.core.ParsePayload) =>
    issues.every(({ code, path: [key] = [] }) => (key === undefined ? code === "unrecognized_keys" : !isOfThese(key)));
}

function areDifferent(labels: NonNullable<RunSettings["labels"]>): boolean {
  const isDifferent = (texts: readonly string[]) => new Set(texts.map((text) => text.toLowerCase())).size === texts.length;
  return isDifferent(labels.map(({ name }) => name)) && isDifferent(labels.map(({ word }) => word));
}

const { training, contributionEncoding, paramsEncoding, ...conditions } = runConditions;

const withinRoster = z
  // parsed settings have this order, from which a run's id is derived: another one would lose the folders of earlier runs
  .strictObject({ ...conditions, tuning: tuningSchema, training, strategy: strategySchema, contributionEncoding, paramsEncoding })
  .refine((run) => run.roster === "open" || run.cohortSize <= run.numDevices, {
    path: ["cohortSize"],
    error: "cohortSize is above numDevices: lower it, or give more devices",
    when: ifSound("roster", "cohortSize", "numDevices"),
  })
  .refine((run) => run.roster === "open" || run.minDevices <= run.numDevices, {
    path: ["minDevices"],
    error: "minDevices is above numDevices: lower it, or give more devices",
    when: ifSound("roster", "minDevices", "numDevices"),
  })
  .refine((run) => run.labels === undefined || (run.roster === "open" && run.helpers === undefined), {
    path: ["labels"],
    error: "texts for labels are typed by those who take part: give an open roster and no helpers",
    when: ifSound("labels", "roster", "helpers"),
  })
  .refine((run) => run.labels === undefined || areDifferent(run.labels), {
    path: ["labels"],
    error: "two labels are equal but for case, or have the same word: make them different",
    when: ifSound("labels"),
  })
  .refine((run) => run.helpers === undefined || run.roster === "open", {
    path: ["helpers"],
    error: "helpers fill an open roster: give roster: open, or leave them out",
    when: ifSound("helpers", "roster"),
  })
  .refine((run) => run.roster === "fixed" || run.cohortSize <= run.maxDevices, {
    path: ["cohortSize"],
    error: "cohortSize is above maxDevices: lower it, or let more devices in",
    when: ifSound("roster", "cohortSize", "maxDevices"),
  })
  .refine((run) => run.roster === "fixed" || run.minDevices <= run.maxDevices, {
    path: ["minDevices"],
    error: "minDevices is above maxDevices: lower it, or let more devices in",
    when: ifSound("roster", "minDevices", "maxDevices"),
  });

/** Everything that decides a run's numbers, with bounds; unknown names are refused, and what a strategy's own rules do not allow. */
export const runSettingsSchema = strategyRules
  .reduce(
    (schema, { name, of, path, error, holds }) =>
      schema.refine(({ strategy, ...run }) => isModule(strategy) || strategy.name !== name || holds({ ...run, strategy }), {
        path: [...path],
        error,
        when: ifSound(...of),
      }),
    withinRoster,
  )
  .superRefine((run, context) => {
    const unfit = aggregationFaultOf(run);
    if (unfit !== null) context.addIssue({ code: "custom", path: [...unfit.path], message: unfit.error });
    if (lacksEdits(run)) {
      const message = "the words of a discrete prompt have no gradient: set strategy.name to fedDtpt, or another tuning.method";
      context.addIssue({ code: "custom", path: ["tuning", "method"], message });
    }
    for (const { path, error } of brokenModuleRules(run)) context.addIssue({ code: "custom", path: [...path], message: error });
  }) satisfies z.ZodType<RunSettings>;
