import { useSignal } from "@preact/signals";
import type { DrawRequest } from "@tutti/model";
import { Said } from "../saying/said.tsx";
import { words } from "../words/words.ts";
import { nameOf } from "./answers.tsx";
import { drawersOf } from "./drawing.ts";
import type { TryController } from "./tryController.ts";
import { type DrawnView, isAsked, type TryView } from "./tryView.ts";

interface DrawnAnswersProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "draw" | "stopDrawing" | "loadLarge">;
}

/** Answers in words, token by token, of every model that answers. */
export function DrawnAnswers({ view, controller }: DrawnAnswersProps) {
  const temperature = useSignal(0);
  const seed = useSignal(1);
  const maxNewTokens = useSignal(view.run?.run.generation?.maxNewTokens ?? 48);
  const strategy = view.run?.run.strategy as { readonly a?: unknown } | undefined;
  const a = useSignal(typeof strategy?.a === "number" ? strategy.a : 1);
  const { loading, drawn } = view;
  if (loading.kind !== "ready" || loading.ready.task.kind === "classification") return null;
  const { task } = loading.ready;
  const drawers = drawersOf(view);
  const isDrawing = Object.values(drawn).some((one) => one?.isDrawing === true);
  const start = () => controller.draw({ temperature: temperature.value, seed: seed.value, maxNewTokens: maxNewTokens.value, a: a.value });
  return (
    <section class="drawing" aria-labelledby="draw-title" data-testid="drawing" data-draws={view.numDraws}>
      <h2 id="draw-title">{words.tryDraw.title}</h2>
      <p class="soft small">{words.tryDraw.note}</p>
      {task.kind === "reply" && task.template.kind === "text" && (
        <p class="soft small">
          {words.tryDraw.prompt}: <code>{task.template.text.replace("{answer}", "…")}</code>
        </p>
      )}
      <div class="dials">
        <Dial
          label={words.tryDraw.temperature}
          note={words.tryDraw.temperatureNote}
          testId="temperature"
          at={temperature}
          max={2}
          step={0.1}
        />
        {drawers.includes("proxy") && (
          <Dial
            label={words.tryDraw.dial}
            note={words.tryDraw.proxyNote(words.formats.fixed(a.value, 1))}
            testId="dial"
            at={a}
            max={3}
            step={0.1}
          />
        )}
        <label class="stacked-field">
          {words.tryDraw.seed}
          <input
            type="number"
            data-testid="seed"
            min={0}
            step={1}
            value={seed.value}
            onInput={(event) => {
              const next = event.currentTarget.valueAsNumber;
              if (Number.isSafeInteger(next) && next >= 0) seed.value = next;
            }}
          />
          <span class="soft small">{words.tryDraw.seedNote}</span>
        </label>
        <label class="stacked-field">
          {words.tryDraw.length}
          <input
            type="number"
            data-testid="max-tokens"
            min={1}
            max={200}
            step={1}
            value={maxNewTokens.value}
            onInput={(event) => {
              const next = event.currentTarget.valueAsNumber;
              if (Number.isSafeInteger(next) && next >= 1 && next <= 200) maxNewTokens.value = next;
            }}
          />
        </label>
      </div>
      <div class="actions">
        <button class="button primary" type="button" data-testid="draw" disabled={!isAsked(view.question)} onClick={start}>
          {words.tryDraw.start}
        </button>
        {isDrawing && (
          <button class="button" type="button" data-testid="draw-stop" onClick={controller.stopDrawing}>
            {words.tryDraw.stop}
          </button>
        )}
      </div>
      <div class="answer-grid" data-count={drawers.length}>
        {drawers.map((of) => (
          <Drawn key={of} of={of} view={view} drawn={drawn[of] ?? null} a={a.value} />
        ))}
      </div>
    </section>
  );
}

interface DialProps {
  readonly label: string;
  readonly note: string;
  readonly testId: string;
  readonly at: { value: number };
  readonly max: number;
  readonly step: number;
}

function Dial({ label, note, testId, at, max, step }: DialProps) {
  return (
    <label class="stacked-field dial">
      <span>
        {label} <output>{words.formats.fixed(at.value, 1)}</output>
      </span>
      <input
        type="range"
        data-testid={testId}
        min={0}
        max={max}
        step={step}
        value={at.value}
        onInput={(event) => {
          at.value = event.currentTarget.valueAsNumber;
        }}
      />
      <span class="soft small">{note}</span>
    </label>
  );
}

interface DrawnProps {
  readonly of: DrawRequest["of"];
  readonly view: TryView;
  /** Null before it was asked. */
  readonly drawn: DrawnView | null;
  readonly a: number;
}

function Drawn({ of, view, drawn, a }: DrawnProps) {
  const picked = useSignal<number | null>(null);
  const steps = drawn?.steps ?? [];
  const at = Math.min(picked.value ?? steps.length - 1, steps.length - 1);
  return (
    <section class={`answer card ${of}`} data-testid={`drawn-${of}`} aria-labelledby={`drawn-${of}-title`}>
      <h3 id={`drawn-${of}-title`}>{drawerName(of, view)}</h3>
      <p class="soft small">{drawerNote(of, view, a)}</p>
      <p class="tokens" data-testid={`tokens-${of}`} data-busy={drawn?.isDrawing === true}>
        {steps.map((step, index) => (
          <button
            key={index}
            type="button"
            class={step.isEnd ? "token end" : "token"}
            aria-pressed={index === at}
            aria-label={words.tryDraw.token(step.isEnd ? words.tryDraw.end : step.text, step.probability)}
            style={{ "--share": step.probability }}
            onClick={() => {
              picked.value = index;
            }}
          >
            {step.isEnd ? words.tryDraw.end : step.text}
          </button>
        ))}
        {steps.length === 0 && <span class="soft">{drawn?.isDrawing === true ? "…" : words.tryDraw.nothingYet}</span>}
      </p>
      {drawn !== null && drawn.numCut > 0 && <p class="soft small">{words.tryPage.cutAtBeginning(drawn.numCut)}</p>}
      {drawn?.problem != null && (
        <p role="alert">
          <Said {...drawn.problem} />
        </p>
      )}
      {steps[at] !== undefined && <Candidates step={steps[at]} place={at + 1} />}
    </section>
  );
}

function Candidates({ step, place }: { readonly step: DrawnView["steps"][number]; readonly place: number }) {
  return (
    <table class="candidates">
      <caption class="small">{words.tryDraw.candidatesTitle(place)}</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">{words.tryDraw.candidate}</th>
          <th scope="col">{words.tryDraw.share}</th>
        </tr>
      </thead>
      <tbody>
        {step.candidates.map(({ id, text, probability }) => (
          <tr key={id} style={{ "--share": probability }}>
            <th scope="row">{shownToken(text)}</th>
            <td>{words.formats.percent(probability)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A token with its spaces made visible. */
function shownToken(text: string): string {
  return text === "" ? words.tryDraw.end : text.replaceAll(" ", "␣").replaceAll("\n", "⏎");
}

function drawerName(of: DrawRequest["of"], view: TryView): string {
  if (of === "small" || of === "large" || of === "proxy") return words.tryDraw[of];
  return nameOf(of, view);
}

function drawerNote(of: DrawRequest["of"], { tuned }: TryView, a: number): string {
  if (of === "small") return words.tryDraw.smallNote;
  if (of === "large") return words.tryDraw.largeNote;
  if (of === "proxy") return words.tryDraw.proxyNote(words.formats.fixed(a, 1));
  if (of === "own") return words.tryPage.ownNote;
  return of === "before" ? words.tryPage.beforeNote : words.tryPage.tunedNote(tuned.facts?.round ?? null);
}
