import type { ReadonlySignal } from "@preact/signals";
import type { Live, LiveStatus, RunInfo } from "@tutti/protocol";
import { useEffect, useRef } from "preact/hooks";
import { isOpenEnded } from "../join/openEnded.ts";
import { taskTitle } from "../join/taskTitle.ts";
import { runSays } from "../saying/runSayings.ts";
import { Said } from "../saying/said.tsx";
import { words } from "../words/words.ts";
import type { StageFeed } from "./feed.ts";

interface HeadlineProps {
  readonly live: Live;
  readonly feed: StageFeed;
  readonly run: RunInfo | null;
}

/** Where the run is, and how long the present step may still take. */
export function Headline({ live, feed, run }: HeadlineProps) {
  const { status } = live;
  const said = runSays(status);
  return (
    <header class="stage-head">
      <h1 data-testid="headline">{headlineOf(status)}</h1>
      <p class="stage-round figures" data-testid="stage-round">
        {roundText(live, isOpenEnded(run?.run))}
      </p>
      <p class="soft stage-method">
        {run !== null && words.stage.method(run.run.strategy.name, taskTitle(run.run.task), run.run.backbone)}
        {said !== null && (
          <span class="stage-message">
            {" "}
            <Said {...said} />
          </span>
        )}
      </p>
      {status.phase === "running" && <Countdown status={status} heardAt={feed.heardAt} />}
    </header>
  );
}

function headlineOf({ phase, stage }: LiveStatus): string {
  const { headlines } = words.stage;
  return phase === "running" ? headlines.running[stage ?? "train"] : headlines[phase];
}

/** Of a run that is over its last round: the coordinator opens no step any more, and the records tell. */
function roundText({ status, rounds }: Live, isEndless: boolean): string {
  const here = words.stage.devicesHere(status.numDevices, status.numConnected);
  if (status.phase === "done") return `${words.stage.rounds(rounds.filter(({ stage }) => stage === "train").length)} · ${here}`;
  const round =
    status.round > 0
      ? [
          isEndless && status.stage === "train"
            ? words.stage.roundSoFar(status.round)
            : words.stage.round(status.round, Math.max(status.numRounds, status.round)),
        ]
      : [];
  const numTasks = status.tasksIn + status.tasksOut;
  const tasks = numTasks > 0 ? [words.stage.tasks(status.tasksIn, numTasks)] : [];
  return [...round, ...tasks, here].join(" · ");
}

/** Counts down between two statuses; written straight into its place, once a second, and not while the page is hidden. */
function Countdown({ status, heardAt }: { readonly status: LiveStatus; readonly heardAt: ReadonlySignal<number> }) {
  const place = useRef<HTMLSpanElement>(null);
  const { deadlineMs } = status;
  const at = heardAt.value;
  useEffect(() => {
    if (deadlineMs === null) return;
    const write = (): void => {
      if (place.current === null || document.hidden) return;
      const left = Math.max(0, deadlineMs - (performance.now() - at)) / 1000;
      const text = words.formats.seconds(Math.ceil(left));
      if (place.current.textContent !== text) place.current.textContent = text;
    };
    write();
    const timer = setInterval(write, 1000);
    return () => clearInterval(timer);
  }, [deadlineMs, at]);
  return (
    <p class="countdown figures" data-testid="countdown">
      <span class="soft small">{words.stage.deadline}</span>
      {deadlineMs === null ? <span class="soft">{words.stage.noDeadline}</span> : <span ref={place} role="timer" />}
    </p>
  );
}
