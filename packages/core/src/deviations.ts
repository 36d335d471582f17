/** Sentences that several methods of the comparison share, on where they are not as published. */
export const deviations = {
  averaged: "The publication trains in one place; here devices train it and FedAvg averages it, weighted by examples.",
  optimised: "The devices' optimiser is AdamW with gradient clipping, as for every method of the comparison.",
  linearHead:
    "Under the default settings a linear head over the mean state predicts, trained from 0 beside the prompt, where the publication predicts words.",
  promptDropout: "Prompt dropout as FedPepTAO has it: 0.1 of the values, by one mask a step.",
  fromMemory: "The name is that of FedPepTAO's comparison, whose settings were not at hand.",
  prefixWithoutNetwork: "Prompts are trained directly, without the re-parameterisation network.",
  clipped: "Gradients are clipped, as for every method of the comparison.",
} as const;
