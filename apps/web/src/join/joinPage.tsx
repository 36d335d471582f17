import { type Signal, useSignal } from "@preact/signals";
import { tokenIn } from "@tutti/client";
import type { RunInfo } from "@tutti/protocol";
import { useEffect } from "preact/hooks";
import { Ensemble } from "../figures/ensemble.tsx";
import { PageFrame } from "../frame/pageFrame.tsx";
import { words } from "../words/words.ts";
import type { JoinController } from "./controller.ts";
import type { DataSource } from "./dataSource.ts";
import { Landing } from "./landing.tsx";
import { pageFolder } from "./pageFolder.ts";
import { RunView } from "./runView.tsx";
import { announcement, talksTo } from "./text.ts";
import type { View } from "./view.ts";

/** What the join page shows, and what its buttons do. */
export interface JoinPageProps {
  readonly controller: JoinController;
  readonly run: Signal<RunInfo | null>;
  readonly runProblem: Signal<string | null>;
  /** What a reloaded tab needs before it can go on; null where nothing is. */
  readonly comeback: string | null;
}

/** The page a volunteer sees. */
export function JoinPage({ controller, run, runProblem, comeback }: JoinPageProps) {
  const source = useSignal<DataSource>({ kind: "share" });
  const view = controller.view.value;
  const join = (chosen: DataSource): void => {
    source.value = chosen;
    controller.join(chosen);
  };
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
      {view.hasJoined ? (
        <RunView view={view} controller={controller} onJoinAgain={() => join(source.value)} />
      ) : (
        <Landing
          run={run.value}
          problem={runProblem.value}
          comeback={comeback}
          hasToken={tokenIn(location.href) !== null}
          onToken={controller.bring}
          onJoin={join}
        />
      )}

      <Announcer text={announcement(view)} />
    </PageFrame>
  );
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
