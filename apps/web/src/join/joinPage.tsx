import { type Signal, useSignal } from "@preact/signals";
import { tokenIn } from "@tutti/client";
import type { RunInfo } from "@tutti/protocol";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { GrowingExamples } from "../class/growingExamples.tsx";
import { openOfferChannel, takeOffers } from "../class/offeredExamples.ts";
import { Ensemble } from "../figures/ensemble.tsx";
import { PageFrame } from "../frame/pageFrame.tsx";
import { words } from "../words/words.ts";
import type { LandingController } from "./controller.ts";
import type { DataSource } from "./dataSource.ts";
import { Landing } from "./landing.tsx";
import type { LandingState } from "./landingState.ts";
import { pageFolder } from "./pageFolder.ts";
import type { RunViewProps } from "./runView.tsx";
import { classificationOf } from "./taskTitle.ts";
import { announcement, talksTo } from "./text.ts";
import type { View } from "./view.ts";

/** What the join page shows, and what its buttons do. */
export interface JoinPageProps {
  readonly controller: LandingController;
  readonly run: Signal<RunInfo | null>;
  readonly runProblem: Signal<string | null>;
  /** What a reloaded tab needs before it can go on; null where nothing is. */
  readonly comeback: Signal<string | null>;
  /** What is known before anybody joins. */
  readonly landing: LandingState;
}

/** The page a volunteer sees. */
export function JoinPage({ controller, run, runProblem, comeback, landing }: JoinPageProps) {
  const source = useSignal<DataSource>({ kind: "share" });
  const view = controller.view.value;
  const join = (chosen: DataSource): void => {
    source.value = chosen;
    controller.name(landing.takeNickname());
    controller.passes(landing.isForwardOnly(run.value));
    controller.join(chosen);
  };
  // whoever brought a wrong word is asked for it again
  useOffers(run.value, landing, () => view.hasOwn || !view.hasJoined);
  const isWrongWord = view.end?.reason === "failed" && view.end.rule === "P-102";
  useEffect(() => {
    if (view.end !== null) landing.table.value?.end();
  }, [view.end]);
  return (
    <PageFrame
      current="join"
      opensElsewhere={view.hasJoined && view.end === null}
      sign={<ConnectionSign view={view} />}
      ornament={<Ensemble numTabs={(view.status ?? run.value?.status)?.numConnected ?? 0} />}
      foot={
        <p>
          {words.footer.about} {talksTo(run.value?.urls.backbone ?? null, pageFolder())}
        </p>
      }
    >
      {view.hasJoined && !isWrongWord ? (
        <>
          <LazyRunView view={view} controller={controller} onJoinAgain={() => join(source.value)} />
          <Growing run={run.value} view={view} controller={controller} landing={landing} />
        </>
      ) : (
        <Landing
          run={run.value}
          problem={runProblem.value}
          comeback={comeback.value}
          hasToken={tokenIn(location.href) !== null && !isWrongWord}
          wasWrongWord={isWrongWord}
          downloads={landing.downloads.value}
          device={landing.device.value}
          otherTab={landing.otherTab.value}
          table={landing.table.value}
          nickname={landing.nickname}
          linkEnd={`${location.search}${location.hash}`}
          address={new URL(pageFolder()).host}
          onShowOther={landing.showOtherTab}
          onToken={controller.bring}
          onJoin={join}
        />
      )}

      <Announcer text={announcement(view)} />
    </PageFrame>
  );
}

/** Sentences that were corrected on another page of this browser come into the table, unless the tab trains a share. */
function useOffers(run: RunInfo | null, landing: LandingState, hasTable: () => boolean): void {
  const table = landing.table.value;
  const numClasses = run === null ? 0 : (classificationOf(run.run.task)?.classes.length ?? 0);
  useEffect(() => {
    if (table === null || numClasses === 0) return;
    const channel = openOfferChannel(pageFolder());
    takeOffers(channel, numClasses, (example) => {
      if (!hasTable()) return "share";
      table.add([example]);
      return "taken";
    });
    return () => channel.close();
  }, [table, numClasses, hasTable()]);
}

/** Who brought own examples can add to them. */
function Growing({
  run,
  view,
  controller,
  landing,
}: Pick<JoinPageProps, "controller" | "landing"> & { readonly run: RunInfo | null; readonly view: View }) {
  const table = landing.table.value;
  const task = run === null ? null : classificationOf(run.run.task);
  if (view.end !== null || !view.hasOwn || run === null || table === null || task === null) return null;
  const { classes, fields } = task;
  return (
    <GrowingExamples
      table={table}
      classes={classes}
      isPair={fields.textB !== null}
      keepsBack={run.run.labels !== undefined}
      controller={controller}
    />
  );
}

/** Figures and controls come with the rest of what joining loads. */
function LazyRunView(props: RunViewProps) {
  const loaded = useSignal<{ readonly RunView: ComponentType<RunViewProps> } | null>(null);
  useEffect(() => {
    void import("./runView.tsx").then(({ RunView }) => {
      loaded.value = { RunView };
    });
  }, []);
  if (loaded.value === null) return <section class="card now" aria-busy />;
  const { RunView } = loaded.value;
  return <RunView {...props} />;
}

function ConnectionSign({ view }: { readonly view: View }) {
  return (
    <span class="connection" data-connection={view.connection} data-testid="connection">
      {words.connectionNames[view.connection]}
    </span>
  );
}

const announceEveryMs = 4_000;

/** Says what is going on to screen readers, at most every four seconds. */
function Announcer({ text }: { readonly text: string }) {
  const spoken = useSignal("");
  const lastMs = useSignal(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const speak = (): void => {
      lastMs.value = performance.now();
      spoken.value = text;
    };
    const wait = announceEveryMs - (performance.now() - lastMs.peek());
    if (wait <= 0) return speak();
    const timer = setTimeout(speak, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {spoken.value}
    </p>
  );
}
