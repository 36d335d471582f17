import type { Status } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { isOpenEnded } from "./openEnded.ts";
import { downloadPace, type PageState, type View } from "./view.ts";

interface ProgressProps {
  readonly view: View;
  readonly state: PageState;
}

/** How far the task, the round and the whole run are; the download while it loads. */
export function Progress({ view, state }: ProgressProps) {
  if (state === "connecting" || state === "loading") return <LoadingProgress view={view} />;
  if (view.end !== null || state === "finished" || view.status === null) return null;
  return (
    <div class="progress-bars" data-testid="progress">
      {isOpenEnded(view.welcome?.run) ? <RoundsSoFar status={view.status} /> : <RunProgress status={view.status} />}
      <RoundProgress status={view.status} />
      <TaskProgress view={view} />
    </div>
  );
}

/** Of a run without an end in sight. */
function RoundsSoFar({ status: { stage, round } }: { readonly status: Status }) {
  return (
    <div class="progress-row whole-run">
      <span class="progress-name">{words.wholeProgress.run}</span>
      <span class="soft small">{words.wholeProgress.untilStopped}</span>
      <span class="progress-figure" data-testid="run-progress">
        {words.wholeProgress.soFar(stage === "train" ? round : 0)}
      </span>
    </div>
  );
}

/** A part of the bar for each stage, as wide as its share of the run's work. */
function RunProgress({ status }: { readonly status: Status }) {
  const { progress } = status;
  if (progress === undefined || progress.stages.length === 0) return null;
  const done = progress.stages.reduce((sum, stage) => sum + stage.share * stage.done, 0);
  const text = words.wholeProgress.left(done, progress.secondsLeft);
  return (
    <div class="progress-row whole-run">
      <span class="progress-name">{words.wholeProgress.run}</span>
      <div
        class="stage-bars"
        role="progressbar"
        aria-label={words.wholeProgress.run}
        aria-valuenow={Math.round(100 * done)}
        aria-valuetext={text}
      >
        {progress.stages.map(({ stage, share, done: ofStage }) => (
          <span key={stage} class={stage === status.stage ? "stage-bar current" : "stage-bar"} style={{ flexGrow: Math.max(share, 0.06) }}>
            <span class="stage-track">
              <span class="stage-fill" style={{ width: `${Math.round(1000 * Math.min(1, Math.max(0, ofStage))) / 10}%` }} />
            </span>
            <span class="stage-name">{words.wholeProgress.stages[stage]}</span>
          </span>
        ))}
      </div>
      <span class="progress-figure" data-testid="run-progress">
        {text}
      </span>
    </div>
  );
}

function RoundProgress({ status }: { readonly status: Status }) {
  const { tasksIn, tasksOut } = status;
  const numTasks = tasksIn + tasksOut;
  return (
    <div class="progress-row">
      <span class="progress-name">{words.wholeProgress.round}</span>
      <progress class="bar" aria-label={words.wholeProgress.round} max={Math.max(1, numTasks)} value={tasksIn} />
      <span class="progress-figure" data-testid="round-progress">
        {numTasks === 0 ? words.wholeProgress.betweenRounds : words.wholeProgress.roundDone(tasksIn, numTasks)}
      </span>
    </div>
  );
}

function TaskProgress({ view }: { readonly view: View }) {
  const { step, task, numTasksDone } = view;
  const isUnknown = task !== null && step === null;
  return (
    <div class={task === null ? "progress-row idle" : "progress-row"}>
      <span class="progress-name">{words.wholeProgress.task}</span>
      <progress
        class="bar"
        aria-label={words.runPage.taskProgress}
        {...(isUnknown ? {} : { max: step?.numSteps ?? 1, value: step?.step ?? 0 })}
        data-testid="task-progress"
      />
      <span class="progress-figure">
        {task === null ? (numTasksDone === 0 ? words.wholeProgress.noTask : words.runPage.tasksDone(numTasksDone)) : taskText(view)}
      </span>
    </div>
  );
}

function taskText({ step, task }: View): string {
  if (task === null) return "";
  const where = words.runPage.taskOf(task.deviceId);
  if (step === null) return where;
  const how = step.phase === "replay" ? words.runPage.replayOf : words.runPage.stepOf;
  return `${how(step.step, step.numSteps)} · ${where}`;
}

function LoadingProgress({ view }: { readonly view: View }) {
  const { loading } = view;
  const hasSize = loading !== null && loading.totalBytes > 0;
  const pace = downloadPace(view);
  return (
    <div class="work">
      {hasSize ? (
        <progress
          class="bar"
          aria-label={words.runPage.downloadProgress}
          max={loading.totalBytes}
          value={loading.doneBytes}
          data-testid="load-progress"
        />
      ) : (
        <progress class="bar" aria-label={words.headlines.loading} data-testid="load-progress" />
      )}
      <p class="detail">
        <span>{hasSize ? words.runPage.downloaded(loading.doneBytes, loading.totalBytes) : ""}</span>
        <span>{pace === null ? "" : words.runPage.pace(pace.bytesPerSecond, pace.secondsLeft)}</span>
      </p>
    </div>
  );
}
