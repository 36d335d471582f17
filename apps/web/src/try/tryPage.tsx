import type { ReadonlySignal } from "@preact/signals";
import { ForgetButton } from "../frame/forgetButton.tsx";
import { PageFrame } from "../frame/pageFrame.tsx";
import { taskTitle } from "../join/taskTitle.ts";
import { backendText } from "../saying/backendText.ts";
import { Said } from "../saying/said.tsx";
import type { Text } from "../saying/text.ts";
import { words } from "../words/words.ts";
import { Answers } from "./answers.tsx";
import { AskForm } from "./askForm.tsx";
import { Batch } from "./batch.tsx";
import { Correction } from "./correction.tsx";
import { DrawnAnswers } from "./drawnAnswers.tsx";
import { KeepAndShare } from "./keepAndShare.tsx";
import { LargeOffer } from "./largeOffer.tsx";
import type { Offline } from "./offline.ts";
import { DeviceChoice, Standing } from "./standing.tsx";
import type { TryController } from "./tryController.ts";
import type { Loading, TryView } from "./tryView.ts";
import { WordEffects } from "./wordEffects.tsx";

interface TryPageProps {
  readonly controller: TryController;
  /** Whether the page works without a network; null until it is known. */
  readonly offline: ReadonlySignal<Offline | null>;
}

/** The page where the tuned model answers. */
export function TryPage({ controller, offline }: TryPageProps) {
  const view = controller.view.value;
  const { loading, run } = view;
  const isText = loading.kind === "ready" && loading.ready.task.kind !== "classification";
  return (
    <PageFrame current="try" foot={<Foot view={view} offline={offline.value} />}>
      <div class="try" data-state={loading.kind}>
        <h1>{words.tryPage.title}</h1>
        <p class="lead">{words.tryPage.lead}</p>
        <p class="soft small run-line" data-testid="run-line">
          {run === null ? "" : runLine(view)}
        </p>
        {loading.kind === "failed" ? <Failed problem={loading.problem} /> : <AskForm view={view} controller={controller} />}
        {(loading.kind === "looking" || loading.kind === "loading") && <LoadingBar loading={loading} />}
        <Standing view={view} controller={controller} />
        {loading.kind !== "failed" && !isText && <Answers view={view} />}
        <DeviceChoice view={view} controller={controller} />
        {view.hasOwnExamples && <Correction view={view} controller={controller} />}
        {view.problem !== null && (
          <div class="notice bad" role="alert" data-testid="problem">
            <p>
              <Said {...view.problem} />
            </p>
          </div>
        )}
        {isText && (
          <>
            <LargeOffer large={view.large} controller={controller} />
            <DrawnAnswers view={view} controller={controller} />
          </>
        )}
        {!isText && <WordEffects view={view} controller={controller} />}
        {!isText && <Batch view={view} controller={controller} />}
        {loading.kind === "ready" && <KeepAndShare view={view} controller={controller} />}
      </div>
    </PageFrame>
  );
}

function runLine({ run, tuned }: TryView): string {
  if (run === null) return "";
  const what = words.tryPage.model(taskTitle(run.run.task), run.run.backbone);
  const round = tuned.facts?.round ?? null;
  return round === null || round === 0 ? what : `${what} · ${words.tryPage.roundNow(round, run.status.phase === "done")}`;
}

function LoadingBar({ loading }: { readonly loading: Loading }) {
  const progress = loading.kind === "loading" ? loading.progress : null;
  const { doneBytes = 0, totalBytes = 0, phase } = progress ?? {};
  return (
    <div class="card try-loading" data-testid="loading">
      <p role="status">{phase === undefined ? words.tryPage.loadingTitle : words.phaseNames[phase]}</p>
      <progress class="bar" aria-label={words.tryPage.loadingTitle} {...(totalBytes > 0 ? { value: doneBytes, max: totalBytes } : {})} />
    </div>
  );
}

function Failed({ problem }: { readonly problem: Text }) {
  return (
    <div class="notice bad" role="alert" data-testid="failed">
      <p>
        <strong>{words.tryPage.failedTitle}.</strong> <Said {...problem} />
      </p>
      <p>
        <button class="button" type="button" onClick={() => location.reload()}>
          {words.buttons.reload}
        </button>
      </p>
    </div>
  );
}

function Foot({ view: { loading }, offline }: { readonly view: TryView; readonly offline: Offline | null }) {
  return (
    <>
      <p>{words.footer.about}</p>
      {offline !== null && <p data-testid="offline">{words.tryPage[offline]}</p>}
      <ForgetButton />
      {loading.kind === "ready" && (
        <p data-testid="computes-on">
          {words.tryPage.computesOn(words.computer.backendName(loading.ready.backend, loading.ready.threads))}{" "}
          <Said {...backendText(loading.ready)} />
        </p>
      )}
    </>
  );
}
