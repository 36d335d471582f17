import { homedir } from "node:os";
import { join } from "node:path";
import type { BackendName } from "@tutti/model";
import { UsageError } from "../exitCodes.ts";
import { askCoordinator } from "../join/askCoordinator.ts";
import { coordinatorAddress, trusting } from "../join/coordinatorAddress.ts";
import { createTeller } from "../join/teller.ts";
import { provideAdapter } from "../nodeAdapter.ts";
import { createProgress } from "../progress.ts";
import { runAgain } from "../runAgain.ts";
import { exitCodeOf, onFirstSignal, type StopSignal } from "../stoppable.ts";

/** The options of `tutti compute`. */
export interface ComputeFlags {
  readonly join: string;
  readonly token?: string;
  readonly backend: "auto" | BackendName;
  readonly keep?: string;
  readonly ca?: string;
  readonly quiet?: boolean;
}

/** `tutti compute`: a compute client (P-90), until the run is over or a signal comes. */
export async function compute({ join: address, token, backend, keep, ca, quiet = false }: ComputeFlags): Promise<void> {
  const url = coordinatorAddress(address);
  if (token === undefined || token === "") {
    throw new UsageError("no token: give --token with what `tutti serve` printed, or set TUTTI_COMPUTE_TOKEN");
  }
  const environment = ca === undefined ? null : trusting(ca);
  const elsewhere = environment !== null ? await runAgain(environment) : backend === "webgpu" ? await provideAdapter() : null;
  if (elsewhere !== null) {
    process.exitCode = elsewhere;
    return;
  }
  process.once("disconnect", () => process.exit()); // of the coordinator's process, where that started this one
  const { runId, status } = await askCoordinator(url);
  if (status.phase === "done") return console.log(`run ${runId} is over: nothing is left to compute`);
  console.log(`Computing for run ${runId} at ${url}. Ctrl-C leaves; the run then waits for a compute client.`);
  await takePart(url, { token, backend, folder: keep ?? join(homedir(), ".tutti", "compute"), runId, quiet });
}

interface Part {
  readonly token: string;
  readonly backend: ComputeFlags["backend"];
  readonly folder: string;
  readonly runId: string;
  readonly quiet: boolean;
}

async function takePart(url: string, { token, backend, folder, runId, quiet }: Part): Promise<void> {
  const [{ joinRun }, { createComputeTrainer }, { folderCache }] = await Promise.all([
    import("@tutti/client/node"),
    import("@tutti/model"),
    import("@tutti/model/node"),
  ]);
  const teller = createTeller({ print: (line) => console.log(line), progress: createProgress() });
  const scores = folderCache(join(folder, "scores"));
  const trainer = createComputeTrainer({ scores, cache: folderCache(join(folder, "backbones")), onNotice: teller.say });
  let isOver = false;
  const session = joinRun({
    url,
    trainer,
    backend,
    hosting: { kind: "compute", token },
    onEvent(event) {
      if (!quiet) teller.onEvent(event);
      if (event.kind !== "status" || event.status.phase !== "done") return;
      isOver = true;
      void session.leave();
    },
  });
  let stoppedBy: StopSignal | null = null;
  const ignore = onFirstSignal((signal) => {
    stoppedBy = signal;
    void session.leave();
  });
  const end = await session.whenEnded.finally(ignore);
  if (end.reason === "failed") throw new Error(end.message);
  if (stoppedBy !== null) process.exitCode = exitCodeOf(stoppedBy);
  console.log(isOver || end.reason === "finished" ? `Run ${runId} is over.` : "Left the run.");
}
