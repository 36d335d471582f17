import { useId } from "preact/hooks";
import { isOpenEnded } from "../../join/openEnded.ts";
import { runSays } from "../../saying/runSayings.ts";
import { Said } from "../../saying/said.tsx";
import { words } from "../../words/words.ts";
import { ConfirmButton } from "./confirmButton.tsx";
import type { Operator, OperatorView } from "./operatorState.ts";
import { placeOf } from "./placeText.ts";

interface PartProps {
  readonly view: OperatorView;
  readonly operator: Operator;
}

function RunSays({ status }: Pick<OperatorView, "status">) {
  const said = status === null ? null : runSays(status);
  return said === null ? null : (
    <>
      {" · "}
      <Said {...said} />
    </>
  );
}

/** What is ordered of the run as a whole. */
export function RunOrders({ view, operator }: PartProps) {
  const { operator: w } = words;
  const { status, orders, run } = view;
  const isPaused = orders?.inForce.isPaused === true;
  const isOver = status?.phase === "done" || status?.phase === "failed";
  const mayStart = run?.run.roster === "open" && status?.phase === "waiting" && status.round === 0 && status.history.length === 0;
  return (
    <section aria-labelledby="operate-run">
      <h3 id="operate-run">{w.runTitle}</h3>
      <p class="soft" data-testid="operator-state">
        {status === null ? w.connecting : [w.phases[status.phase], ...placeOf(status, isOpenEnded(run?.run))].join(" · ")}
        <RunSays status={status} />
      </p>
      <div class="orders">
        {mayStart && <Big name={w.start} about={w.startAbout} testId="order-start" onClick={() => operator.give({ kind: "start" })} />}
        {isPaused ? (
          <Big name={w.resume} about={w.resumeAbout} testId="order-resume" isOn onClick={() => operator.give({ kind: "resume" })} />
        ) : (
          <Big name={w.pause} about={w.pauseAbout} testId="order-pause" isOff={isOver} onClick={() => operator.give({ kind: "pause" })} />
        )}
        <Big
          name={w.nextRound}
          about={w.nextRoundAbout}
          testId="order-nextRound"
          isOff={isOver}
          onClick={() => operator.give({ kind: "nextRound" })}
        />
        <ConfirmButton
          class="order"
          testId="order-stop"
          question={w.confirmStop}
          yes={w.yes.stop}
          onConfirmed={() => void operator.give({ kind: "stop" })}
        >
          <Label name={w.stop} about={w.stopAbout} />
        </ConfirmButton>
        <ConfirmButton
          class="order"
          testId="order-newRun"
          question={w.confirmNewRun}
          yes={w.yes.newRun}
          onConfirmed={() => void operator.give({ kind: "newRun" })}
        >
          <Label name={w.newRun} about={w.newRunAbout} />
        </ConfirmButton>
      </div>
    </section>
  );
}

interface BigProps {
  readonly name: string;
  readonly about: string;
  readonly testId: string;
  readonly isOn?: boolean;
  readonly isOff?: boolean;
  readonly onClick: () => void;
}

/** A large button with what it does. */
export function Big({ name, about, testId, isOn = false, isOff = false, onClick }: BigProps) {
  const id = useId();
  return (
    <button
      type="button"
      class={isOn ? "order on" : "order"}
      data-testid={testId}
      disabled={isOff}
      aria-labelledby={`${id}-name`}
      aria-describedby={`${id}-about`}
      onClick={onClick}
    >
      <strong id={`${id}-name`}>{name}</strong>
      <span id={`${id}-about`}>{about}</span>
    </button>
  );
}

function Label({ name, about }: { readonly name: string; readonly about: string }) {
  return (
    <>
      <strong>{name}</strong>
      <span>{about}</span>
    </>
  );
}
