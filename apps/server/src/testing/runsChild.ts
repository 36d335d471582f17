import { type Coordinator, startCoordinator } from "../coordinator.ts";
import { tunedParameters } from "../tuned.ts";
import type { HostedRun, HostMessage } from "./killableRuns.ts";
import { withTinyWords } from "./tinyWords.ts";

const runs = JSON.parse(process.env.TUTTI_CHILD ?? "[]") as readonly HostedRun[];
const tell = (message: HostMessage) => process.send?.(message);

async function host({ options, sizes, numClasses }: HostedRun): Promise<Coordinator> {
  const tuned = withTinyWords(tunedParameters(options.run, sizes, numClasses), options.run);
  const coordinator = await startCoordinator(options, { tuned });
  const { runId, url, computeToken } = coordinator;
  const { stage, round, step } = coordinator.status();
  tell({ kind: "listening", runId, url, computeToken, at: `${stage} ${round}.${step}` });
  coordinator.whenDone().then(
    ({ parametersSha256, steps }) => {
      tell({ kind: "done", runId, parametersSha256, steps: steps.map((record) => `${record.round}.${record.step} ${record.counted}`) });
    },
    (error: unknown) => tell({ kind: "failed", runId, message: String(error) }),
  );
  return coordinator;
}

const hosted = await Promise.all(runs.map(host));
process.on("SIGTERM", () => {
  void Promise.all(hosted.map((coordinator) => coordinator.close())).finally(() => process.exit(0));
});
