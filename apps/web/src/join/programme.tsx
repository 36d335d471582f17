import type { RunInfo } from "@tutti/protocol";
import { words } from "../words/words.ts";
import type { Downloads } from "./downloads.ts";
import { isOpenEnded } from "./openEnded.ts";
import { taskTitle } from "./taskTitle.ts";

interface ProgrammeProps {
  readonly run: RunInfo;
  /** Null while the model's size is not known. */
  readonly downloads: Downloads | null;
  /** The coordinator's address, without its scheme. */
  readonly address: string;
}

/** What the run is: what for, who runs it, what is downloaded, and how long it lasts. */
export function Programme({ run, downloads, address }: ProgrammeProps) {
  const { host, status } = run;
  return (
    <section class="card" aria-labelledby="programme-title" data-testid="programme">
      <h2 id="programme-title">{words.programme.title}</h2>
      <dl class="programme">
        <dt>{words.programme.purpose}</dt>
        <dd data-testid="purpose">
          {host?.about !== undefined && <span class="told">{host.about}</span>}
          <span class="told soft">{taskTitle(run.run.task)}</span>
        </dd>
        <dt>{words.programme.host}</dt>
        <dd data-testid="hosted-by">{host?.name ?? words.programme.nobodySaid(address)}</dd>
        <dt>{words.programme.model}</dt>
        <dd>{run.run.backbone}</dd>
        <dt>{words.programme.download}</dt>
        <dd data-testid="download">{downloads === null ? words.programme.modelUnknown : downloadText(downloads)}</dd>
        <dt>{words.programme.duration}</dt>
        <dd data-testid="duration">{durationText(run)}</dd>
        <dt>{words.programme.here}</dt>
        <dd data-testid="here-now">
          {words.programme.tabs(Math.max(0, status.numConnected - (status.helpers?.numConnected ?? 0)))}
          {status.helpers !== undefined && (
            <span class="told soft helpers-line" data-testid="helpers">
              {words.classroom.helpers(status.helpers)}
            </span>
          )}
        </dd>
      </dl>
    </section>
  );
}

function downloadText({ modelBytes, scriptBytes, keptBytes }: Downloads): string {
  if (keptBytes === 0) return words.programme.downloadOf(modelBytes, scriptBytes);
  return words.programme.downloadLeft(modelBytes + scriptBytes - keptBytes, keptBytes);
}

/** How long the run still takes, as far as anybody knows. */
export function durationText({ status, progress, run }: Pick<RunInfo, "status" | "progress"> & { readonly run?: RunInfo["run"] }): string {
  if (isOpenEnded(run)) return words.programme.unknown;
  if (progress === undefined || progress.numSteps === 0) return words.programme.unknown;
  const { numStepsDone, numSteps, secondsLeft } = progress;
  if (secondsLeft !== null) return words.programme.left(Math.round(secondsLeft), numStepsDone, numSteps);
  return status.phase === "running" || numStepsDone > 0
    ? words.programme.running(numStepsDone, numSteps)
    : words.programme.waiting(numSteps);
}
