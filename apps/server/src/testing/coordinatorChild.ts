import { startCoordinator } from "../coordinator.ts";
import { tunedParameters } from "../tuned.ts";
import type { ChildConfig, ChildMessage } from "./killHarness.ts";

const { options, sizes, numClasses } = JSON.parse(process.env.TUTTI_CHILD ?? "{}") as ChildConfig;
const tell = (message: ChildMessage) => process.send?.(message);
const position = (plan: { stage: string; round: number; step: number; attempt: number }) =>
  `${plan.stage} ${plan.round}.${plan.step}.${plan.attempt}`;

const coordinator = await startCoordinator(options, { tuned: tunedParameters(options.run, sizes, numClasses) });
const { stage, round, step, attempt } = coordinator.status();
tell({ kind: "listening", url: coordinator.url, position: round === 0 ? null : position({ stage: stage ?? "", round, step, attempt }) });
let numIn = 0;
coordinator.subscribe((event) => {
  if (event.kind === "planned") {
    numIn = 0;
    tell({ kind: "planned", position: position(event.plan) });
  }
  if (event.kind === "accepted") {
    numIn += 1;
    tell({ kind: "accepted", count: numIn });
  }
  if (event.kind === "closed") {
    tell({ kind: "closed", position: position(event.plan), counted: event.contributions.map(({ deviceId }) => deviceId) });
  }
});
coordinator.whenDone().then(
  ({ parametersSha256, steps }) =>
    tell({ kind: "done", parametersSha256, steps: steps.map((record) => `${position(record)} ${record.counted}`) }),
  (error: unknown) => tell({ kind: "failed", message: String(error) }),
);
process.on("SIGTERM", () => void coordinator.close());
coordinator.whenClosed().then(
  () => process.exit(0),
  () => process.exit(1),
);
