/** Sentences that several methods of the comparison share, on where they are not as published. */
export const deviations = {
  averaged: "The publication trains in one place; here devices train it and FedAvg averages it, weighted by examples.",
  optimised: "The devices' optimiser is AdamW with gradient clipping, as for every method of the comparison.",
  linearHead:
    "Under the default settings a linear head on the mean hidden state predicts the class and is trained from 0 with the prompt; the publication predicts words.",
  promptDropout: "Prompt dropout is FedPepTAO's: 0.1 of the values, one mask for each step.",
  fromMemory: "The name comes from FedPepTAO's comparison, whose settings this project does not know.",
  prefixWithoutNetwork: "Prompts are trained directly, without the re-parameterisation network.",
  clipped: "Gradients are clipped, as for every method of the comparison.",
} as const;
