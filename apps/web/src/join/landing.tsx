import { useSignal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { type DataSource, readOwnFile } from "./dataSource.ts";
import { OwnFilePreview } from "./ownFilePreview.tsx";
import { classNames, taskTitle } from "./taskTitle.ts";

interface LandingProps {
  /** Null while it is not known. */
  readonly run: RunInfo | null;
  /** Why the run is not known, in plain words. */
  readonly problem: string | null;
  /** What a tab needs that took part until it was reloaded. */
  readonly comeback: string | null;
  readonly onJoin: (source: DataSource) => void;
}

/** What this is, what is sent and what stays, whose examples, and one button. */
export function Landing({ run, problem, comeback, onJoin }: LandingProps) {
  const source = useSignal<DataSource>({ kind: "share" });
  const isOwn = useSignal(comeback !== null);
  const isReady = !isOwn.value || source.value.kind === "own";
  return (
    <>
      <h1>Lend this tab. Train a language model, together.</h1>
      <p class="lead">
        Many browser tabs, each with its own examples, tune one language model: Tutti. This tab would download the model once, practise on
        its examples whenever it is called, and send back the numbers that it has trained.
      </p>
      {comeback !== null && (
        <div class="notice" role="status" data-testid="comeback">
          <p>{comeback}</p>
        </div>
      )}
      <SentAndKept keepsStates={run?.keepsStates ?? true} />
      <form
        class="join"
        onSubmit={(event) => {
          event.preventDefault();
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
        <div class="actions">
          <button type="submit" class="button primary" disabled={!isReady} data-testid="join">
            Join
          </button>
          <p class="soft small run-line">{problem ?? runLine(run)}</p>
        </div>
      </form>
      {!isSecureContext && <InsecureNote />}
    </>
  );
}

/** Until the run is known, the page promises no more than what holds in every run. */
export function SentAndKept({ keepsStates }: { readonly keepsStates: boolean }) {
  return (
    <div class="columns sent-and-kept">
      <section class="card">
        <h2>What is sent</h2>
        <p>
          The parameters this tab has trained, of the layers that this run shares, and scores that say how well they do.
          {keepsStates &&
            " The server also keeps a copy of the other layers’ parameters, so that another tab can go on when this one closes."}
        </p>
      </section>
      <section class="card">
        <h2>What stays here</h2>
        <p>
          The examples{!keepsStates && ", the parameters of all other layers"}, and everything else on this computer. Close the tab and it
          takes no further part.
        </p>
      </section>
    </div>
  );
}

/** What a page on plain http cannot do, in one notice. */
export function InsecureNote() {
  return (
    <div class="notice insecure" data-testid="insecure">
      <p class="small">
        This address is plain http, so the browser allows the page neither the graphics processor nor more than one thread: training works,
        but is usually slower. Over https, browsers offer both where the computer has them, and can keep the screen awake.
      </p>
    </div>
  );
}

function runLine(run: RunInfo | null): string {
  if (run === null) return "Looking for the run …";
  const { numConnected } = run.status;
  const others = numConnected === 0 ? "nobody is here yet" : numConnected === 1 ? "one tab is here" : `${numConnected} tabs are here`;
  return `${taskTitle(run.run.task)} · ${run.run.backbone} · ${others}`;
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
      <legend>Whose examples?</legend>
      <label class="option">
        <input type="radio" name="source" checked={!isOwn} onChange={() => onChoice(false)} data-testid="source-share" />
        <strong>A share of the run’s examples</strong>
        <span class="soft small">Nothing to prepare.</span>
      </label>
      <label class="option">
        <input type="radio" name="source" checked={isOwn} onChange={() => onChoice(true)} data-testid="source-own" />
        <strong>My own file</strong>
        <span class="soft small">Read in this tab and never sent; only the number of its examples is.</span>
      </label>
      {isOwn && (
        <div class="own-file stack">
          <label>
            <span class="small">
              A CSV, TSV or JSON Lines file in UTF-8 with the columns <code>text</code> and <code>label</code> (
              {classNames(run.run.task).join(", ")})
            </span>
            <input
              class="file"
              type="file"
              accept=".csv,.tsv,.jsonl,.ndjson"
              data-testid="own-file"
              onChange={(event) => void read(event.currentTarget.files?.[0])}
            />
          </label>
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
