import { type Signal, useSignal } from "@preact/signals";
import { claimLimit } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import { useEffect } from "preact/hooks";
import { LazyEditor } from "../examples/lazyEditor.tsx";
import type { OwnExamples } from "../examples/ownExamples.ts";
import { maxNickname } from "../storage/nickname.ts";
import { words } from "../words/words.ts";
import { type DataSource, ownSource } from "./dataSource.ts";
import type { Downloads } from "./downloads.ts";
import { classificationOf, taskTitle } from "./taskTitle.ts";

/** What the form needs to let somebody in. */
export interface JoinFormProps {
  /** Null while it is not known. */
  readonly run: RunInfo | null;
  /** Why the run is not known, in plain words. */
  readonly problem: string | null;
  readonly downloads: Downloads | null;
  /** Whether the page's address carries a code word or an invitation. */
  readonly hasToken: boolean;
  /** Whether a code word was brought that is not this run's. */
  readonly wasWrongWord: boolean;
  readonly hasOtherTab: boolean;
  /** The volunteer's table; null while the run is not known. */
  readonly table: OwnExamples | null;
  /** Whether own examples are what the page begins with, until somebody chooses. */
  readonly startsOwn: boolean;
  readonly nickname: Signal<string>;
  readonly onToken: (token: string) => void;
  readonly onJoin: (source: DataSource) => void;
}

/** A name, whose examples, and the one button. */
export function JoinForm(props: JoinFormProps) {
  const { run, problem, downloads, hasToken, wasWrongWord, hasOtherTab, table, startsOwn, nickname, onToken, onJoin } = props;
  const word = useSignal("");
  const chosen = useSignal<boolean | null>(null);
  // whose examples this browser kept stays with own ones, also when all of them are deleted
  useEffect(() => {
    if (startsOwn) chosen.value ??= true;
  }, [startsOwn]);
  const needsWord = run?.admission === "code" && !hasToken;
  const isTyped = run?.run.labels !== undefined;
  const isOwn = isTyped || (run?.run.roster === "open" && (chosen.value ?? startsOwn));
  const lacksExamples = isOwn && (table === null || table.rows.value.length === 0);
  const isReady = !lacksExamples && (!needsWord || word.value.trim() !== "");
  return (
    <form
      class="join"
      onSubmit={(event) => {
        event.preventDefault();
        if (needsWord) onToken(word.value.trim());
        onJoin(isOwn && table !== null ? ownSource(table) : { kind: "share" });
      }}
    >
      {needsWord && (
        <label class="field">
          <strong>{words.landing.codeWord}</strong>
          <span class="soft small">{words.landing.codeWordNote}</span>
          {wasWrongWord && (
            <span class="bad small" role="alert" data-testid="wrong-word">
              {words.classroom.wrongWord}
            </span>
          )}
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
      {run?.run.roster === "open" && <DataChoice run={run} isOwn={isOwn} chosen={chosen} table={table} />}
      <div class="actions enter">
        <button type="submit" class="button primary big" disabled={!isReady} data-testid="join">
          {hasOtherTab ? words.landing.joinHereToo : words.landing.join}
        </button>
        <p class="soft small run-line" data-testid="run-line">
          {lacksExamples ? words.landing.needsExamples : (problem ?? underButton(run, downloads))}
        </p>
      </div>
      <label class="field name-field">
        <span class="small">{words.landing.name}</span>
        <input
          type="text"
          autocomplete="nickname"
          maxLength={maxNickname}
          value={nickname.value}
          onInput={(event) => {
            nickname.value = event.currentTarget.value;
          }}
          data-testid="nickname"
        />
        <span class="soft small">{words.landing.nameNote}</span>
      </label>
    </form>
  );
}

function underButton(run: RunInfo | null, downloads: Downloads | null): string {
  if (run === null) return words.landing.looking;
  if (downloads === null) return "";
  const { modelBytes, scriptBytes, keptBytes } = downloads;
  return words.landing.downloads(modelBytes + scriptBytes - keptBytes, keptBytes);
}

interface DataChoiceProps {
  readonly run: RunInfo;
  readonly isOwn: boolean;
  readonly chosen: Signal<boolean | null>;
  readonly table: OwnExamples | null;
}

function DataChoice({ run, isOwn, chosen, table }: DataChoiceProps) {
  const limit = claimLimit(run.run);
  const task = classificationOf(run.run.task);
  const choose = (own: boolean) => () => {
    chosen.value = own;
  };
  return (
    <fieldset class="choice">
      <legend>{words.landing.whichExamples}</legend>
      {run.run.labels !== undefined ? (
        <p class="small">{words.classroom.typedOnly}</p>
      ) : (
        <Sources isOwn={isOwn} choose={choose} limit={limit} />
      )}
      {isOwn &&
        (task === null || table === null ? (
          <p class="small own-file">{words.landing.textTask(taskTitle(run.run.task))}</p>
        ) : (
          <LazyEditor table={table} task={task} />
        ))}
    </fieldset>
  );
}

interface SourcesProps {
  readonly isOwn: boolean;
  readonly limit: number | null;
  readonly choose: (own: boolean) => () => void;
}

/** A share of the run's examples, or own ones. */
function Sources({ isOwn, limit, choose }: SourcesProps) {
  return (
    <>
      <label class="option">
        <input type="radio" name="source" checked={!isOwn} onChange={choose(false)} data-testid="source-share" />
        <strong>{words.landing.share}</strong>
        <span class="soft small">{words.landing.shareNote}</span>
      </label>
      <label class="option">
        <input type="radio" name="source" checked={isOwn} onChange={choose(true)} data-testid="source-own" />
        <strong>{words.landing.own}</strong>
        <span class="soft small" data-testid="own-file-note">
          {words.landing.ownNote}
          {limit !== null && words.landing.countsUpTo(limit)}
        </span>
      </label>
    </>
  );
}
