import type { Status } from "@tutti/protocol";
import { useEffect, useRef } from "preact/hooks";
import { LayerBars } from "../figures/layerBars.tsx";
import { LossLine } from "../figures/lossLine.tsx";
import { Staff } from "../figures/staff.tsx";
import { InForceNotice } from "../frame/inForceNotice.tsx";
import { words } from "../words/words.ts";
import { Computer, Plans, Results, TrafficCard } from "./cards.tsx";
import type { JoinController } from "./controller.ts";
import { explanation, headline } from "./text.ts";
import { downloadPace, hasBegun, type PageState, pageStateOf, type View } from "./view.ts";

interface RunViewProps {
  readonly view: View;
  readonly controller: JoinController;
  readonly onJoinAgain: () => void;
}

/** Everything a tab shows once it has joined. */
export function RunView({ view, controller, onJoinAgain }: RunViewProps) {
  const state = pageStateOf(view);
  const { status } = view;
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that led here is gone: the reader goes on at the heading.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const selected = status?.selectedLayers ?? null;
  const numLayers = view.ready?.shape.numLayers ?? status?.layerScores?.length ?? 6;
  return (
    <div class="stack">
      <section class="card now" aria-labelledby="now">
        <h1 id="now" class="beat" tabIndex={-1} ref={heading} data-testid="headline">
          {headline(state, view)}
        </h1>
        <p class="soft explanation">{explanation(state, view)}</p>
        <WorkProgress view={view} state={state} />
        <Actions view={view} state={state} controller={controller} onJoinAgain={onJoinAgain} />
        {view.ready !== null && view.end === null && state !== "finished" && <p class="soft small note">{words.deviceMeaning}</p>}
      </section>
      <InForceNotice inForce={state === "finished" ? undefined : status?.inForce} />
      {view.notices.map((notice) => (
        <div key={notice} class="notice" role="status" data-testid="notice">
          <p>{notice}</p>
        </div>
      ))}
      {view.problem !== null && view.end === null && (
        <div class="notice" role="alert" data-testid="problem">
          <p>{view.problem}</p>
        </div>
      )}
      {state === "finished" && status !== null && <Results status={status} />}
      <section class="card" aria-labelledby="run-title">
        <h2 id="run-title">{words.runPage.runTitle}</h2>
        <RunLine status={status} />
        {status?.resets !== undefined && (
          <p class="soft small note" data-testid="resets">
            {words.runPage.resets(status.resets)}
          </p>
        )}
        <Staff status={status} />
        <p class="soft small note">{words.runPage.staffNote}</p>
      </section>
      <div class="columns">
        <section class="card" aria-labelledby="layers-title">
          <h2 id="layers-title">{words.runPage.layersTitle}</h2>
          <LayerBars scores={status?.layerScores ?? null} selected={selected} numLayers={numLayers} />
          {selected === null ? (
            <p class="soft small note" data-testid="layers-note">
              {status?.layerScores != null && `${words.runPage.layersNote} `}
              {words.runPage.noLayersYet}
            </p>
          ) : (
            <ul class="legend">
              <li class="selected">{words.runPage.shared}</li>
              <li>{words.runPage.notShared}</li>
            </ul>
          )}
        </section>
        <section class="card" aria-labelledby="loss-title">
          <h2 id="loss-title">{words.runPage.lossTitle}</h2>
          <LossLine losses={view.losses} />
          <p class="soft small">{view.losses.length === 0 ? words.runPage.noLossYet : words.runPage.lossNote}</p>
        </section>
        <TrafficCard view={view} />
        <Computer view={view} />
        <Plans status={status} />
      </div>
    </div>
  );
}

function RunLine({ status }: { readonly status: Status | null }) {
  if (status === null || status.stage === null || !hasBegun(status))
    return <p class="soft small run-line figures">{words.runPage.notBegun}</p>;
  return (
    <p class="soft small run-line figures" data-testid="round">
      <strong>{words.stageNames[status.stage]}</strong>: {words.roundOf(status)} · {words.runPage.here(status)}
    </p>
  );
}

function WorkProgress({ view, state }: { readonly view: View; readonly state: PageState }) {
  if (state === "connecting" || state === "loading") return <LoadingProgress view={view} />;
  if (view.end !== null || state === "finished") return null;
  const isWorking = view.task !== null;
  const { step, task } = view;
  return (
    <div class={isWorking ? "work" : "work idle"}>
      {isWorking && step === null ? (
        <progress class="bar" aria-label={words.runPage.working} data-testid="task-progress" />
      ) : (
        <progress
          class="bar"
          aria-label={words.runPage.taskProgress}
          max={step?.numSteps ?? 1}
          value={step?.step ?? 0}
          data-testid="task-progress"
        />
      )}
      <p class="detail">
        <span>{step === null || task === null ? "" : words.runPage.stepOf(step.step, step.numSteps)}</span>
        <span>{task === null ? tasksDone(view.numTasksDone) : words.runPage.taskOf(task.deviceId, task.round)}</span>
      </p>
    </div>
  );
}

function tasksDone(numTasks: number): string {
  return numTasks === 0 ? "" : words.runPage.tasksDone(numTasks);
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

interface ActionsProps extends RunViewProps {
  readonly state: PageState;
}

function Actions({ view, state, controller, onJoinAgain }: ActionsProps) {
  if (state === "reload") return <ReloadButton />;
  if (state === "failed" || state === "finished")
    return <ReloadButton label={state === "failed" ? words.buttons.tryAgain : words.buttons.newRun} />;
  if (view.end !== null) {
    return (
      <div class="actions">
        <button type="button" class="button primary" onClick={onJoinAgain} data-testid="join-again">
          {state === "replaced" ? words.buttons.useThisTab : words.buttons.joinAgain}
        </button>
      </div>
    );
  }
  return (
    <div class="actions">
      {view.isPaused ? (
        <button type="button" class="button primary" onClick={controller.resume} data-testid="resume">
          {words.buttons.resume}
        </button>
      ) : (
        <button type="button" class="button" onClick={controller.pause} disabled={view.ready === null} data-testid="pause">
          {words.buttons.pause}
        </button>
      )}
      <button type="button" class="button" onClick={controller.leave} data-testid="leave">
        {words.buttons.leave}
      </button>
      <button type="button" class="button" onClick={controller.leaveAndDelete} data-testid="leave-and-delete">
        {words.buttons.leaveAndDelete}
      </button>
    </div>
  );
}

function ReloadButton({ label = words.buttons.reload }: { readonly label?: string }) {
  return (
    <div class="actions">
      <button type="button" class="button primary" onClick={() => location.reload()} data-testid="reload">
        {label}
      </button>
    </div>
  );
}
