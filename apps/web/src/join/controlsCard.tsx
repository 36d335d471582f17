import { words } from "../words/words.ts";
import { type Choices, offeredLimits } from "./choices.ts";
import type { JoinController } from "./controller.ts";
import type { View } from "./view.ts";

interface ControlsProps {
  readonly view: View;
  readonly controller: JoinController;
}

/** How much of the computer is lent, and when; each condition only where the browser can tell. */
export function ControlsCard({ view, controller }: ControlsProps) {
  const choices = controller.choices.value;
  const offers = controller.offers();
  const { sentBytes, receivedBytes } = view.traffic;
  return (
    <section class="card" aria-labelledby="controls-title" data-testid="controls">
      <h2 id="controls-title">{words.controls.title}</h2>
      <label class="slider">
        <span class="control-name">{words.controls.load}</span>
        <input
          type="range"
          min={10}
          max={100}
          step={10}
          value={choices.loadPercent}
          aria-valuetext={words.controls.loadOf(choices.loadPercent)}
          onInput={(event) => controller.choose({ loadPercent: Number(event.currentTarget.value) })}
          data-testid="load"
        />
        <span class="soft small">{words.controls.loadOf(choices.loadPercent)}</span>
      </label>
      <fieldset class="conditions">
        <legend class="control-name">{words.controls.when}</legend>
        {offers.idle && (
          <Check name="onlyIdle" label={words.controls.idle} note={words.controls.idleNote} choices={choices} controller={controller} />
        )}
        {offers.charging && <Check name="onlyCharging" label={words.controls.charging} choices={choices} controller={controller} />}
        <Check name="onlyVisible" label={words.controls.visible} choices={choices} controller={controller} />
      </fieldset>
      <label class="limit">
        <span class="control-name">{words.controls.limit}</span>
        <select
          value={choices.maxBytes === null ? "" : String(choices.maxBytes)}
          onChange={(event) => {
            const { value } = event.currentTarget;
            controller.choose({ maxBytes: value === "" ? null : Number(value) });
          }}
          data-testid="data-limit"
        >
          <option value="">{words.controls.noLimit}</option>
          {offeredLimits.map((limit) => (
            <option key={limit} value={String(limit)}>
              {words.controls.limitOf(limit)}
            </option>
          ))}
        </select>
        <span class="soft small">{words.controls.limitNote(sentBytes + receivedBytes)}</span>
      </label>
      {offers.wakeLock && <Check name="keepsAwake" label={words.controls.awake} choices={choices} controller={controller} />}
      <p class="soft small note">{words.controls.kept}</p>
      <div class="actions">
        <button type="button" class="button" onClick={controller.leaveAndDelete} data-testid="leave-and-delete">
          {words.buttons.leaveAndDelete}
        </button>
      </div>
    </section>
  );
}

interface CheckProps {
  readonly name: "onlyIdle" | "onlyCharging" | "onlyVisible" | "keepsAwake";
  readonly label: string;
  readonly note?: string;
  readonly choices: Choices;
  readonly controller: JoinController;
}

function Check({ name, label, note, choices, controller }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={choices[name]}
        onChange={(event) => controller.choose({ [name]: event.currentTarget.checked })}
        data-testid={name}
      />
      <span>{label}</span>
      {note !== undefined && <span class="soft small">{note}</span>}
    </label>
  );
}
