import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Said } from "../saying/said.tsx";
import type { Text } from "../saying/text.ts";
import { words } from "../words/words.ts";
import { isOther } from "./link.ts";
import type { TryController } from "./tryController.ts";
import type { TryView } from "./tryView.ts";

interface StandingProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "useNewer" | "bring" | "chooseDevice">;
}

/** What there is of the run's tuned parameters, and what can be done about it. */
export function Standing({ view, controller }: StandingProps) {
  const { tuned, loading, linked, own, run } = view;
  if (loading.kind !== "ready") return null;
  const { facts, newerRound, problem } = tuned;
  return (
    <div class="standing" role="status" data-testid="standing">
      {tuned.kind === "none" && facts === null && <Notice>{words.tryPage.nothingTuned}</Notice>}
      {tuned.kind === "otherRun" && (
        <Notice>
          {words.tryPage.otherRun}{" "}
          <button class="button small-button" type="button" onClick={() => location.reload()}>
            {words.buttons.reload}
          </button>
        </Notice>
      )}
      {tuned.kind === "silent" && facts === null && <Notice>{words.tryPage.silent}</Notice>}
      {tuned.kind === "unusable" && problem !== null && (
        <Notice isBad>
          <Said {...problem} text={words.tryPage.unusable} />
        </Notice>
      )}
      {tuned.kind === "locked" &&
        (run?.admission === "code" ? (
          <CodeWord problem={problem} onWord={controller.bring} />
        ) : (
          <Notice>{words.tryPage.lockedByInvitation}</Notice>
        ))}
      {facts !== null && linked !== null && isOther(linked, facts.parametersSha256) && <Notice>{words.tryPage.otherParameters}</Notice>}
      {facts !== null && facts.numShared === 0 && <Notice>{words.tryPage.aloneNote}</Notice>}
      {own.problem !== null && (
        <Notice isBad>
          <Said {...own.problem} text={words.tryPage.ownProblem} />
        </Notice>
      )}
      {loading.ready.whyNotBefore !== null && (
        <Notice>
          <Said text={words.tryPage.noBefore} lang={undefined} detail={loading.ready.whyNotBefore} />
        </Notice>
      )}
      {newerRound !== null && (
        <Notice>
          {words.tryPage.newer(newerRound)}{" "}
          <button class="button small-button" type="button" data-testid="use-newer" onClick={controller.useNewer}>
            {words.tryPage.useNewer}
          </button>
        </Notice>
      )}
    </div>
  );
}

/** Which of this browser's devices answers with its own layers. */
export function DeviceChoice({ view: { own }, controller }: StandingProps) {
  if (own.deviceIds.length === 0) return null;
  return (
    <label class="inline-field device-choice">
      {words.tryPage.whichDevice}
      <select
        data-testid="device"
        value={own.chosen ?? ""}
        onChange={(event) => controller.chooseDevice(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
      >
        <option value="">{words.tryPage.noDevice}</option>
        {own.deviceIds.map((deviceId) => (
          <option key={deviceId} value={deviceId}>
            {words.tryPage.own(deviceId)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Notice({ isBad = false, children }: { readonly isBad?: boolean; readonly children: ComponentChildren }) {
  return (
    <div class={isBad ? "notice bad" : "notice"}>
      <p>{children}</p>
    </div>
  );
}

/** The word that the operator tells; it goes with a request's header and behind the address's #, to be found again after a reload. */
function CodeWord({ problem, onWord }: { readonly problem: Text | null; readonly onWord: (word: string) => void }) {
  const word = useSignal("");
  return (
    <form
      class="notice"
      onSubmit={(event) => {
        event.preventDefault();
        if (word.value.trim() !== "") onWord(word.value.trim());
      }}
    >
      <p>{problem?.text ?? words.tryPage.locked}</p>
      <div class="field">
        <label for="try-word">{words.tryPage.codeWord}</label>
        <input
          id="try-word"
          data-testid="code-word"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={word.value}
          onInput={(event) => {
            word.value = event.currentTarget.value;
          }}
        />
      </div>
      <button class="button" type="submit">
        {words.tryPage.open}
      </button>
    </form>
  );
}
