import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { words } from "../../words/words.ts";

interface ConfirmButtonProps {
  readonly class?: string;
  readonly label?: string | undefined;
  readonly disabled?: boolean;
  readonly testId?: string;
  /** What will happen. */
  readonly question: string;
  /** The button that does it. */
  readonly yes: string;
  readonly onConfirmed: () => void;
  readonly children: ComponentChildren;
}

/** A button whose deed is asked for once more; Escape and the other button leave everything as it is. */
export function ConfirmButton({ question, yes, onConfirmed, children, label, testId, disabled, ...rest }: ConfirmButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  return (
    <>
      <button
        type="button"
        class={rest.class ?? "button"}
        aria-label={label}
        aria-haspopup="dialog"
        disabled={disabled}
        data-testid={testId}
        onClick={() => dialog.current?.showModal()}
      >
        {children}
      </button>
      <dialog class="confirm" ref={dialog} aria-labelledby={id}>
        <p id={id}>{question}</p>
        <form method="dialog" class="actions">
          <button type="submit" class="button">
            {words.operator.no}
          </button>
          <button
            type="submit"
            class="button primary"
            onClick={onConfirmed}
            data-testid={testId === undefined ? undefined : `${testId}-confirm`}
          >
            {yes}
          </button>
        </form>
      </dialog>
    </>
  );
}
