import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { forgetEverything, keptHere } from "../storage/forgetEverything.ts";
import { words } from "../words/words.ts";

/** For computers that several people use: everything that this site keeps in the browser goes, once it was asked for twice. */
export function ForgetButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isLeft = useSignal(false);
  async function forget(): Promise<void> {
    if (await forgetEverything(keptHere()))
      location.replace(`${location.pathname}${location.search}`); // what lies behind the # goes as well
    else isLeft.value = true;
  }
  return (
    <div class="forget">
      <button
        type="button"
        class="button quiet"
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
        data-testid="forget-everything"
      >
        {words.forgetting.button}
      </button>
      <p role="status" class="small" data-testid="forget-left">
        {isLeft.value ? words.forgetting.left : ""}
      </p>
      <dialog class="confirm" ref={dialog} aria-labelledby="forget-question">
        <p id="forget-question">{words.forgetting.question}</p>
        <form method="dialog" class="actions">
          <button type="submit" class="button">
            {words.forgetting.no}
          </button>
          <button type="submit" class="button primary" onClick={() => void forget()} data-testid="forget-everything-confirm">
            {words.forgetting.yes}
          </button>
        </form>
      </dialog>
    </div>
  );
}
