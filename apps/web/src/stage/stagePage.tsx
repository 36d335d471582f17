import type { ReadonlySignal } from "@preact/signals";
import { tokenIn } from "@tutti/client";
import type { RunInfo } from "@tutti/protocol";
import { InForceNotice } from "../frame/inForceNotice.tsx";
import { PageFrame } from "../frame/pageFrame.tsx";
import { words } from "../words/words.ts";
import { CodeWordForm } from "./codeWordForm.tsx";
import type { FeedProblem, StageFeed } from "./feed.ts";
import { Figures } from "./figures.tsx";
import { FullScreenButton } from "./fullScreenButton.tsx";
import { Headline } from "./headline.tsx";
import { Invitation } from "./invitation.tsx";
import { OperatorPanel } from "./operator/operatorPanel.tsx";
import { SlowMotion } from "./steps/slowMotion.tsx";
import { TakeAlong } from "./takeAlong.tsx";
import { fewDevices, Tiles } from "./tiles.tsx";

interface StagePageProps {
  readonly feed: StageFeed;
  readonly run: ReadonlySignal<RunInfo | null>;
  readonly folder: string;
}

/** The page for the wall, and for the operator. */
export function StagePage({ feed, run, folder }: StagePageProps) {
  const link = feed.link.value;
  return (
    <div class="stage">
      <PageFrame
        current="stage"
        sign={
          <span class="stage-sign">
            <span class="connection" role="status" data-connection={link} data-testid="link">
              {words.stage.links[link]}
            </span>
            <FullScreenButton />
          </span>
        }
        foot={<p>{words.stage.about}</p>}
      >
        <Notices feed={feed} />
        <Stage feed={feed} run={run.value} folder={folder} />
        <OperatorPanel />
      </PageFrame>
    </div>
  );
}

/** What the reader should know of the feed itself. */
function Notices({ feed }: { readonly feed: StageFeed }) {
  const problem = feed.problem.value;
  const goodbye = feed.goodbye.value;
  return (
    <>
      {goodbye !== null && (
        <div class="notice stage-notice" role="status" data-testid="goodbye">
          <p>{goodbyeText(goodbye)}</p>
        </div>
      )}
      {problem !== null && (
        <div class="notice bad stage-notice" role="alert" data-testid="problem">
          <p>{problemText(problem, feed.isWrongWord.value)}</p>
        </div>
      )}
      {problem?.problem === "unauthorised" && <CodeWordForm isWrong={feed.isWrongWord.value} onWord={feed.bring} />}
    </>
  );
}

function goodbyeText(reason: string): string {
  const { goodbyes } = words.stage;
  return Object.entries(goodbyes).find(([name]) => name === reason)?.[1] ?? goodbyes.closing;
}

function problemText({ problem, detail }: FeedProblem, isWrongWord: boolean): string {
  const said = problem === "unauthorised" && isWrongWord ? words.stage.wrongWord : words.stage.problems[problem];
  return problem === "notUnderstood" && detail !== null ? `${said} (${detail})` : said;
}

interface StageProps {
  readonly feed: StageFeed;
  readonly run: RunInfo | null;
  readonly folder: string;
}

function Stage({ feed, run, folder }: StageProps) {
  const live = feed.live.value;
  if (live === null) {
    const isOver = feed.link.value === "closed";
    return (
      <>
        <h1>{words.stage.title}</h1>
        {!isOver && <p class="soft">{words.stage.connecting}</p>}
      </>
    );
  }
  return (
    <div class="stage-grid" data-many={live.devices.length > fewDevices}>
      <InForceNotice inForce={live.status.phase === "done" ? undefined : live.status.inForce} />
      <Headline live={live} feed={feed} run={run} />
      <Invitation address={run?.inviteUrl ?? folder} codeWord={tokenIn(location.href)} />
      <Figures live={live} run={run} />
      <Tiles live={live} />
      {run !== null && <SlowMotion live={live} run={run} />}
      <TakeAlong live={live} folder={folder} token={feed.token.value} />
    </div>
  );
}
