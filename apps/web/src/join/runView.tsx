import type { Status } from "@tutti/protocol";
import { useEffect, useRef } from "preact/hooks";
import { LayerBars } from "../figures/layerBars.tsx";
import { LossLine } from "../figures/lossLine.tsx";
import { Staff } from "../figures/staff.tsx";
import { InForceNotice } from "../frame/inForceNotice.tsx";
import { sayingText } from "../saying/runSayings.ts";
import { Said } from "../saying/said.tsx";
import { asSentence } from "../saying/text.ts";
import { words } from "../words/words.ts";
import { Computer, Plans, Results, TrafficCard } from "./cards.tsx";
import { ContributionsCard } from "./contributionsCard.tsx";
import type { JoinController } from "./controller.ts";
import { ControlsCard } from "./controlsCard.tsx";
import { EnergyCard } from "./energyCard.tsx";
import { IncidentList, LatestIncident } from "./incidentList.tsx";
import { isOpenEnded } from "./openEnded.ts";
import { Progress } from "./progressBars.tsx";
import { explanation, headline } from "./text.ts";
import { hasBegun, type PageState, pageStateOf, type View } from "./view.ts";

/** What the page of a tab that takes part needs. */
export interface RunViewProps {
  readonly view: View;
  readonly controller: JoinController;
  readonly onJoinAgain: () => void;
}

/** Everything a tab shows once it has joined; once it has left, what it did and nothing that would stand still. */
export function RunView({ view, controller, onJoinAgain }: RunViewProps) {
  const state = pageStateOf(view);
  const { status } = view;
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that led here is gone, perhaps below the fold: the reader goes on at the heading.
  useEffect(() => {
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  const isOver = view.end !== null || state === "finished";
  const wasDeleted = view.end?.reason === "left" && view.end.deleted !== undefined;
  return (
    <div class="stack taking-part">
      <section class="card now" aria-labelledby="now">
        <h1 id="now" class="beat" tabIndex={-1} ref={heading} data-testid="headline">
          {view.calm?.text ?? headline(state, view)}
        </h1>
        <p class="soft explanation" data-testid="explanation">
          <Said {...explanation(state, view)} />
        </p>
        <Progress view={view} state={state} />
        <Actions view={view} state={state} controller={controller} onJoinAgain={onJoinAgain} />
        {!isOver && <LatestIncident incidents={view.incidents} />}
      </section>
      <InForceNotice inForce={state === "finished" ? undefined : status?.inForce} />
      {view.notices.map((notice) => (
        <div key={notice} class="notice" role="status" data-testid="notice">
          <p>{notice}</p>
        </div>
      ))}
      {view.problem !== null && view.end === null && (
        <div class="notice" role="alert" data-testid="problem">
          <p>
            <Said {...view.problem} />
          </p>
        </div>
      )}
      {state === "finished" && status !== null && <Results status={status} />}
      {isOver ? (
        !wasDeleted && view.contributions.length > 0 && <ContributionsCard view={view} controller={controller} />
      ) : (
        <div class="columns">
          <ContributionsCard view={view} controller={controller} />
          <ControlsCard view={view} controller={controller} />
        </div>
      )}
      {view.end === null && <IncidentList incidents={view.incidents} />}
      {(view.end === null || state === "finished") && <RunCards view={view} controller={controller} />}
    </div>
  );
}

/** The run, and what this tab's part in it comes to. */
function RunCards({ view, controller }: Pick<RunViewProps, "view" | "controller">) {
  const { status } = view;
  const selected = status?.selectedLayers ?? null;
  const numLayers = view.ready?.shape.numLayers ?? status?.layerScores?.length ?? 6;
  return (
    <>
      <section class="card" aria-labelledby="run-title">
        <h2 id="run-title">{words.runPage.runTitle}</h2>
        <RunLine status={status} roundText={roundTextOf(view)} />
        {status?.resets !== undefined && (
          <p class="soft small note" data-testid="resets">
            <Resets resets={status.resets} />
          </p>
        )}
        <Staff status={status} roundText={roundTextOf(view)} isEndless={isOpenEnded(view.welcome?.run)} />
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
          <LossLine here={view.losses} history={status?.history ?? []} />
          <p class="soft small">{view.losses.length === 0 ? words.runPage.noLossYet : words.runPage.lossNote}</p>
        </section>
        <TrafficCard view={view} />
        <div class="stack">
          <EnergyCard view={view} signs={controller.signs()} />
          <Computer view={view} />
        </div>
        <Plans status={status} />
      </div>
    </>
  );
}

/** Devices that started again, and what became of the last one. */
function Resets({ resets: { count, last, said } }: { readonly resets: NonNullable<Status["resets"]> }) {
  return (
    <>
      {words.runPage.resets(count)}{" "}
      <Said text={said === undefined ? asSentence(last) : sayingText(said)} lang={said === undefined ? "en" : undefined} />
    </>
  );
}

/** Where the run is; of one without an end in sight the rounds so far. */
function roundTextOf({ status, welcome }: View): string {
  if (status === null) return "";
  return status.stage === "train" && isOpenEnded(welcome?.run) ? words.wholeProgress.soFar(status.round) : words.roundOf(status);
}

function RunLine({ status, roundText }: { readonly status: Status | null; readonly roundText: string }) {
  if (status === null || status.stage === null || !hasBegun(status))
    return <p class="soft small run-line figures">{words.runPage.notBegun}</p>;
  return (
    <p class="soft small run-line figures" data-testid="round">
      <strong>{words.stageNames[status.stage]}</strong>: {roundText} · {words.runPage.here(status)}
    </p>
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
      {!view.isPaused && (
        <button
          type="button"
          class="link"
          onClick={controller.pauseAfterTask}
          disabled={view.ready === null}
          data-testid="pause-after-task"
        >
          {words.buttons.pauseAfterTask}
        </button>
      )}
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
