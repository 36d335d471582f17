import type { RunInfo } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { JoinForm, type JoinFormProps } from "./joinForm.tsx";
import type { DeviceFacts } from "./preflight.ts";
import { PreflightCard } from "./preflightCard.tsx";
import { Privacy } from "./privacy.tsx";
import { Programme } from "./programme.tsx";
import { needsOf } from "./runNeeds.ts";
import { taskTitle } from "./taskTitle.ts";

/** What the page knows before anybody joins. */
export interface LandingProps extends Omit<JoinFormProps, "hasOtherTab" | "startsOwn"> {
  /** What a tab needs that took part until it was reloaded. */
  readonly comeback: string | null;
  /** What the look at this device found; null while it is under way. */
  readonly device: DeviceFacts | null;
  /** Another tab of this browser that takes part; `shown` once it has marked its title. */
  readonly otherTab: "none" | "found" | "shown";
  /** The coordinator's address, without its scheme. */
  readonly address: string;
  /** What links to the run's other pages end in. */
  readonly linkEnd: string;
  readonly onShowOther: () => void;
}

/** What this run is, what it takes and what it leaves alone, and one button. */
export function Landing(props: LandingProps) {
  const { run, comeback, device, downloads, otherTab, address } = props;
  if (run?.status.phase === "done") return <Finished run={run} linkEnd={props.linkEnd} />;
  return (
    <div class="landing">
      <div class="hero">
        <h1>{words.promise}</h1>
        <p class="purpose" data-testid="headline-purpose">
          {run === null ? "" : (run.host?.about ?? taskTitle(run.run.task))}
        </p>
        <p class="lead">{words.landing.lead}</p>
        {comeback !== null && (
          <div class="notice" role="status" data-testid="comeback">
            <p>{comeback}</p>
          </div>
        )}
        {otherTab !== "none" && <OtherTab isShown={otherTab === "shown"} onShow={props.onShowOther} />}
        <Entrance {...props} />
      </div>
      <div class="at-hand">{run !== null && <Programme run={run} downloads={downloads} address={address} />}</div>
      <div class="columns before-cards">
        <PreflightCard device={device} needs={needsOf(run, downloads)} />
        <Privacy facts={run} canStore={device?.canStore ?? true} />
      </div>
    </div>
  );
}

/** A run that is over takes nobody: it shows what it has come to. */
function Finished({ run, linkEnd }: { readonly run: RunInfo; readonly linkEnd: string }) {
  const link = (page: string) => `./${page}${linkEnd}`;
  return (
    <div class="landing over" data-testid="finished">
      <h1>{words.landing.finished}</h1>
      <p class="purpose">{run.host?.about ?? taskTitle(run.run.task)}</p>
      <p class="lead">{words.landing.finishedNote}</p>
      <div class="actions">
        <a class="button primary big" href={link("try")} data-testid="to-try">
          {words.landing.tryModel}
        </a>
        <a class="button" href={link("stage")} data-testid="to-results">
          {words.landing.seeResults}
        </a>
      </div>
    </div>
  );
}

function OtherTab({ isShown, onShow }: { readonly isShown: boolean; readonly onShow: () => void }) {
  return (
    <div class="notice other-tab" role="status" data-testid="other-tab">
      <p>{isShown ? words.otherTab.shown : words.otherTab.found}</p>
      {!isShown && (
        <button type="button" class="button" onClick={onShow} data-testid="show-other-tab">
          {words.otherTab.show}
        </button>
      )}
    </div>
  );
}

/** Who may come: where the run is by invitation, nobody without one. */
function Entrance(props: LandingProps) {
  if (props.run?.admission === "invitations" && !props.hasToken) {
    return (
      <div class="notice" role="status" data-testid="uninvited">
        <p>{words.landing.needsInvitation}</p>
      </div>
    );
  }
  const isOwn = props.comeback !== null || (props.table?.rows.value.length ?? 0) > 0;
  return <JoinForm {...props} hasOtherTab={props.otherTab !== "none"} startsOwn={isOwn} />;
}
