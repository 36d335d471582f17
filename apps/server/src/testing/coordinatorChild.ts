import { startCoordinator } from "../coordinator.ts";
import { keepRunReports } from "../runReports.ts";
import { tunedParameters } from "../tuned.ts";
import type { ChildConfig, ChildMessage } from "./killHarness.ts";
import { withTinyWords } from "./tinyWords.ts";

const { options, sizes, numClasses, reportEveryMs } = JSON.parse(process.env.TUTTI_CHILD ?? "{}") as ChildConfig;
const tell = (message: ChildMessage) => process.send?.(message);
const position = (plan: { stage: string; round: number; step: number; attempt: number }) =>
  `${plan.stage} ${plan.round}.${plan.step}.${plan.attempt}`;

const tuned = withTinyWords(tunedParameters(options.run, sizes, numClasses), options.run);
const coordinator = await startCoordinator(options, { tuned });
const onTrouble = (error: unknown) => tell({ kind: "failed", message: String(error) });
const reports =
  reportEveryMs === undefined ? null : keepRunReports(coordinator, { metric: "accuracy", tuned, everyMs: reportEveryMs, onTrouble });
const { stage, round, step, attempt } = coordinator.status();
tell({ kind: "listening", url: coordinator.url, position: round === 0 ? null : position({ stage: stage ?? "", round, step, attempt }) });
let numIn = 0;
let said: string | null = null;
coordinator.subscribe((event) => {
  if (event.kind === "status" && event.status.message !== said) {
    said = event.status.message;
    tell({ kind: "said", message: said });
  }
  if (event.kind === "planned") {
    numIn = 0;
    tell({ kind: "planned", position: position(event.plan) });
  }
  if (event.kind === "accepted") {
    numIn += 1;
    tell({ kind: "accepted", count: numIn, taskId: event.taskId, deviceId: event.deviceId });
  }
  if (event.kind === "closed") {
    tell({ kind: "closed", position: position(event.plan), counted: event.contributions.map(({ deviceId }) => deviceId) });
  }
});
coordinator.whenDone().then(
  async (outcome) => {
    await reports?.finish(outcome);
    const steps = outcome.steps.map((record) => `${position(record)} ${record.counted}`);
    tell({ kind: "done", parametersSha256: outcome.parametersSha256, steps });
  },
  (error: unknown) => tell({ kind: "failed", message: String(error) }),
);
process.on("SIGTERM", () => void coordinator.close());
coordinator.whenClosed().then(
  () => process.exit(0),
  () => process.exit(1),
);
