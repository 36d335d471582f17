import { useSignal } from "@preact/signals";
import { claimLimit, looksAtMachines } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { type DataSource, readOwnFile } from "./dataSource.ts";
import { OwnFilePreview } from "./ownFilePreview.tsx";
import { classNames, isTextTask, taskTitle } from "./taskTitle.ts";

interface LandingProps {
  /** Null while it is not known. */
  readonly run: RunInfo | null;
  /** Why the run is not known, in plain words. */
  readonly problem: string | null;
  /** What a tab needs that took part until it was reloaded. */
  readonly comeback: string | null;
  /** Whether the page's address carries a code word or an invitation. */
  readonly hasToken?: boolean;
  /** A code word that was typed. */
  readonly onToken?: (token: string) => void;
  readonly onJoin: (source: DataSource) => void;
}

/** What this is, what is sent and what stays, whose examples, and one button. */
export function Landing(props: LandingProps) {
  const { run, comeback } = props;
  const isOver = run?.status.phase === "done";
  return (
    <>
      <h1>{words.promise}</h1>
      <p class="lead">{words.landing.lead}</p>
      {comeback !== null && !isOver && (
        <div class="notice" role="status" data-testid="comeback">
          <p>{comeback}</p>
        </div>
      )}
      <SentAndKept keepsStates={run?.keepsStates ?? true} plans={run === null || looksAtMachines(run.run.strategy)} />
      {isOver ? <Finished run={run} /> : <Entrance {...props} />}
      {!isSecureContext && <InsecureNote />}
    </>
  );
}

/** A run that is over takes nobody. */
function Finished({ run }: { readonly run: RunInfo }) {
  return (
    <div class="notice" role="status" data-testid="finished">
      <p>{words.landing.finished}</p>
      <p class="soft small run-line">{words.landing.what(taskTitle(run.run.task), run.run.backbone)}</p>
    </div>
  );
}

/** Who may come: where the run is by invitation, nobody without one. */
function Entrance(props: LandingProps) {
  if (props.run?.admission === "invitations" && props.hasToken !== true) {
    return (
      <div class="notice" role="status" data-testid="uninvited">
        <p>{words.landing.needsInvitation}</p>
      </div>
    );
  }
  return <JoinForm {...props} />;
}

/** Whose examples, and the button. */
function JoinForm({ run, problem, comeback, hasToken, onToken, onJoin }: LandingProps) {
  const word = useSignal("");
  const needsWord = run?.admission === "code" && hasToken !== true;
  const source = useSignal<DataSource>({ kind: "share" });
  const isOwn = useSignal(comeback !== null);
  const isReady = (!isOwn.value || source.value.kind === "own") && (!needsWord || word.value.trim() !== "");
  return (
    <form
      class="join"
      onSubmit={(event) => {
        event.preventDefault();
        if (needsWord) onToken?.(word.value.trim());
        onJoin(source.value);
      }}
    >
      {run?.run.roster === "open" && (
        <DataChoice
          run={run}
          isOwn={isOwn.value}
          source={source.value}
          onChoice={(own) => {
            isOwn.value = own;
            if (!own) source.value = { kind: "share" };
          }}
          onSource={(chosen) => {
            source.value = chosen;
          }}
        />
      )}
      {needsWord && (
        <label class="field">
          <strong>{words.landing.codeWord}</strong>
          <span class="soft small">{words.landing.codeWordNote}</span>
          <input
            type="text"
            autocomplete="off"
            value={word.value}
            onInput={(event) => {
              word.value = event.currentTarget.value;
            }}
            data-testid="code-word"
          />
        </label>
      )}
      <div class="actions">
        <button type="submit" class="button primary" disabled={!isReady} data-testid="join">
          {words.landing.join}
        </button>
        <p class="soft small run-line">{problem ?? runLine(run)}</p>
      </div>
    </form>
  );
}

/** Until the run is known, the page promises no more than what holds in every run. */
export function SentAndKept({ keepsStates, plans }: { readonly keepsStates: boolean; readonly plans: boolean }) {
  return (
    <div class="columns sent-and-kept">
      <section class="card">
        <h2>{words.landing.sentTitle}</h2>
        <p>
          {words.landing.sent}
          {plans && words.landing.sentMachine}
          {keepsStates && words.landing.sentCopy}
        </p>
      </section>
      <section class="card">
        <h2>{words.landing.keptTitle}</h2>
        <p>{keepsStates ? words.landing.kept : words.landing.keptWithLayers}</p>
      </section>
    </div>
  );
}

/** What a page on plain http cannot do, in one notice. */
export function InsecureNote() {
  return (
    <div class="notice insecure" data-testid="insecure">
      <p class="small">{words.landing.insecure}</p>
    </div>
  );
}

function runLine(run: RunInfo | null): string {
  return run === null ? words.landing.looking : words.landing.run(taskTitle(run.run.task), run.run.backbone, run.status.numConnected);
}

interface DataChoiceProps {
  readonly run: RunInfo;
  readonly isOwn: boolean;
  readonly source: DataSource;
  readonly onChoice: (isOwn: boolean) => void;
  readonly onSource: (source: DataSource) => void;
}

function DataChoice({ run, isOwn, source, onChoice, onSource }: DataChoiceProps) {
  const problem = useSignal<string | null>(null);
  const limit = claimLimit(run.run);
  async function read(file: File | undefined): Promise<void> {
    problem.value = null;
    onSource({ kind: "share" });
    if (file === undefined) return;
    try {
      onSource(await readOwnFile(file, run.run.task));
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  }
  return (
    <fieldset class="choice">
      <legend>{words.landing.whichExamples}</legend>
      <label class="option">
        <input type="radio" name="source" checked={!isOwn} onChange={() => onChoice(false)} data-testid="source-share" />
        <strong>{words.landing.share}</strong>
        <span class="soft small">{words.landing.shareNote}</span>
      </label>
      <label class="option">
        <input type="radio" name="source" checked={isOwn} onChange={() => onChoice(true)} data-testid="source-own" />
        <strong>{words.landing.ownFile}</strong>
        <span class="soft small" data-testid="own-file-note">
          {words.landing.ownFileNote}
          {limit !== null && words.landing.countsUpTo(limit)}
        </span>
      </label>
      {isOwn && (
        <div class="own-file stack">
          {isTextTask(run.run.task) ? (
            <p class="small">{words.fileProblems.textTask(taskTitle(run.run.task))}</p>
          ) : (
            <label>
              <span class="small">
                {words.landing.ownFileKind} <code>text</code> {words.landing.and} <code>label</code>.{" "}
                {words.landing.classes(classNames(run.run.task))}
              </span>
              <input
                class="file"
                type="file"
                accept=".csv,.tsv,.jsonl,.ndjson"
                data-testid="own-file"
                onChange={(event) => void read(event.currentTarget.files?.[0])}
              />
            </label>
          )}
          {problem.value !== null && (
            <div class="notice bad" role="alert" data-testid="own-file-problem">
              <p>{problem.value}</p>
            </div>
          )}
          {source.kind === "own" && <OwnFilePreview source={source} />}
        </div>
      )}
    </fieldset>
  );
}
