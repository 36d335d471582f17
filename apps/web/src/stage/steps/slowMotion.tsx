import { useSignal } from "@preact/signals";
import type { Live, RunInfo } from "@tutti/protocol";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../../words/words.ts";
import { type Moment, type Motion, motionOf, steppable } from "./motion.ts";

interface SlowMotionProps {
  readonly live: Live;
  readonly run: RunInfo;
}

/** A closed round of this run, step by step: what each party holds and sends. */
export function SlowMotion({ live, run }: SlowMotionProps) {
  const isOpen = useSignal(false);
  const opener = useRef<HTMLButtonElement>(null);
  const rounds = steppable(live.rounds);
  const close = (): void => {
    isOpen.value = false;
    opener.current?.focus();
  };
  return (
    <section class="card stage-motion" aria-labelledby="motion-title">
      <h2 id="motion-title">{words.slowMotion.title}</h2>
      {rounds.length === 0 && <p class="soft">{words.slowMotion.none}</p>}
      {rounds.length > 0 && (
        <button
          type="button"
          class="button"
          ref={opener}
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
          data-testid="motion-open"
        >
          {isOpen.value ? words.slowMotion.close : words.slowMotion.open}
        </button>
      )}
      {isOpen.value && rounds.length > 0 && <Steps live={live} run={run} onClose={close} />}
    </section>
  );
}

interface StepsProps extends SlowMotionProps {
  readonly onClose: () => void;
}

function Steps({ live, run, onClose }: StepsProps) {
  const rounds = steppable(live.rounds);
  const chosen = useSignal(rounds.at(-1)?.round ?? 1);
  const at = useSignal(0);
  const stage = useRef<HTMLDivElement>(null);
  // before anybody can press a key
  useLayoutEffect(() => stage.current?.focus(), []);
  const round = rounds.find((one) => one.round === chosen.value) ?? rounds.at(-1);
  const { sizes, status } = live;
  const motion = round === undefined ? null : motionOf(round, { sizes, numDevices: status.numDevices, run: run.run });
  const last = Math.max(0, (motion?.frames.length ?? 0) - 1);
  const position = Math.min(at.value, last);
  const frame = motion?.frames[position];
  const go = (to: number): void => {
    at.value = Math.max(0, Math.min(last, to));
  };
  const keys = useRef<Readonly<Record<string, () => void>>>({});
  keys.current = { Escape: onClose, ArrowRight: () => go(position + 1), ArrowLeft: () => go(position - 1) };
  useLayoutEffect(() => listen(stage.current, (key) => keys.current[key]?.()), []);
  if (motion === null) return null;
  return (
    <div class="motion" data-moment={frame?.moment} tabIndex={-1} ref={stage} data-testid="motion">
      <div class="motion-controls actions">
        <label class="motion-round">
          {words.slowMotion.chooseRound}{" "}
          <select
            value={motion.round}
            onChange={(event) => {
              chosen.value = Number(event.currentTarget.value);
            }}
          >
            {rounds.map((one) => (
              <option key={one.round} value={one.round}>
                {one.round}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button" onClick={() => go(position - 1)} disabled={position === 0} data-testid="motion-back">
          {words.slowMotion.previous}
        </button>
        <button
          type="button"
          class="button primary"
          onClick={() => go(position + 1)}
          disabled={position === last}
          data-testid="motion-next"
        >
          {words.slowMotion.next}
        </button>
        <span class="soft small">
          {words.slowMotion.position(position + 1, last + 1)} · {words.slowMotion.keys}
        </span>
      </div>
      <Parties motion={motion} moment={frame?.moment ?? "choose"} />
      <div aria-live="polite">
        <h3 class="motion-title">{frame?.title}</h3>
        <p class="motion-text" data-testid="motion-text">
          {frame?.text}
        </p>
      </div>
    </div>
  );
}

/** Keys that are pressed inside an element, but for those that a choice takes. */
function listen(element: HTMLElement | null, onKey: (key: string) => void): () => void {
  const heard = ({ key, target }: KeyboardEvent): void => {
    if (key === "Escape" || !(target instanceof HTMLSelectElement)) onKey(key);
  };
  element?.addEventListener("keydown", heard);
  return () => element?.removeEventListener("keydown", heard);
}

function Parties({ motion, moment }: { readonly motion: Motion; readonly moment: Moment }) {
  const { mask, asked, counted, numMore } = motion;
  const travelling = mask.flatMap((isTravelling, layer) => (isTravelling ? [layer] : []));
  const label = words.slowMotion.maskLabel(travelling, mask.length);
  const packet = moment === "send" ? motion.bytesDown : moment === "back" ? motion.bytesUp : null;
  return (
    <div class="parties">
      <div class="party coordinator">
        <p class="party-name">{words.slowMotion.coordinator}</p>
        <Layers mask={mask} label={label} isAll={moment === "sum" || moment === "choose"} />
        <p class="soft small">{words.slowMotion.coordinatorHolds(words.slowMotion.values(motion.numShared), motion.hasControl)}</p>
      </div>
      <p class="wire" aria-hidden={packet === null}>
        <span class="packet figures">{packet === null ? "" : words.formats.bytes(packet)}</span>
      </p>
      <ul class="party-devices">
        {asked.map((deviceId) => (
          <li key={deviceId} class="party" data-counted={counted.has(deviceId)}>
            <p class="party-name">{words.slowMotion.device(deviceId)}</p>
            <Layers mask={mask} label={label} isAll={moment === "train"} />
          </li>
        ))}
        {numMore > 0 && <li class="party soft">{words.slowMotion.others(numMore)}</li>}
      </ul>
      <p class="soft small party-holds">{words.slowMotion.deviceHolds(travelling.length < mask.length)}</p>
    </div>
  );
}

interface LayersProps {
  readonly mask: readonly boolean[];
  readonly label: string;
  /** Whether layers that stay are at work too. */
  readonly isAll: boolean;
}

/** The mask: a bar for each layer, filled where it travels. */
function Layers({ mask, label, isAll }: LayersProps) {
  return (
    <div class="mask" role="img" aria-label={label} data-all={isAll}>
      {mask.map((travels, layer) => (
        <span key={layer} class={travels ? "mask-layer travels" : "mask-layer"} />
      ))}
    </div>
  );
}
