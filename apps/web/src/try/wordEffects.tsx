import { useSignal } from "@preact/signals";
import type { WordEffect } from "@tutti/model";
import { Said } from "../saying/said.tsx";
import { words } from "../words/words.ts";
import { classesOf, nameOf } from "./answers.tsx";
import type { TryController } from "./tryController.ts";
import type { TryView, WordsView } from "./tryView.ts";
import { maxWords } from "./weighingWords.ts";

interface WordEffectsProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "showWords" | "stopWords">;
}

/** Which words mattered to a class: as shading over the text, and as a list. */
export function WordEffects({ view, controller }: WordEffectsProps) {
  const picked = useSignal<number | null>(null);
  const { loading, answered, words: shown } = view;
  if (loading.kind !== "ready" || answered === null) return null;
  const classes = classesOf(loading.ready);
  const shares = answered.probabilities.tuned ?? answered.probabilities.before ?? [];
  const best = shares.indexOf(Math.max(...shares));
  const classIndex = picked.value !== null && picked.value < classes.length ? picked.value : best;
  const isRunning = shown !== null && shown.effects === null && shown.problem === null;
  return (
    <section class="card word-effects" aria-labelledby="words-title">
      <h2 id="words-title">{words.tryWords.title}</h2>
      <p class="soft small">{words.tryWords.note}</p>
      <div class="actions">
        <label class="inline-field">
          {words.tryWords.pick}
          <select
            data-testid="words-class"
            value={classIndex}
            onChange={(event) => {
              picked.value = Number(event.currentTarget.value);
              controller.stopWords();
            }}
          >
            {classes.map((name, index) => (
              <option key={name} value={index}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {isRunning ? (
          <button class="button" type="button" data-testid="words-stop" onClick={controller.stopWords}>
            {words.tryWords.stop}
          </button>
        ) : (
          <button class="button" type="button" data-testid="words-show" onClick={() => controller.showWords(classIndex)}>
            {words.tryWords.show}
          </button>
        )}
      </div>
      {isRunning && <WordProgress progress={shown.progress} />}
      {shown?.problem != null && (
        <p role="alert">
          <Said {...shown.problem} />
        </p>
      )}
      {shown?.effects != null && (
        <Effects shown={shown} effects={shown.effects} name={classes[shown.classIndex] ?? ""} who={nameOf(shown.of, view)} />
      )}
    </section>
  );
}

function WordProgress({ progress }: Pick<WordsView, "progress">) {
  const { numDone = 0, numWords = 1 } = progress ?? {};
  return (
    <div class="word-progress">
      <progress class="bar" aria-label={words.tryWords.progress} value={numDone} max={Math.max(1, numWords)} />
      <p class="soft small">{progress === null ? "" : words.tryWords.progressText(numDone, numWords)}</p>
    </div>
  );
}

interface EffectsProps {
  readonly shown: WordsView;
  readonly effects: readonly WordEffect[];
  readonly name: string;
  readonly who: string;
}

const maxListed = 8;

function Effects({ effects, name, who }: EffectsProps) {
  const known = effects.flatMap(({ text, effect }) => (effect === null ? [] : [{ text, effect }]));
  if (known.length === 0) return <p>{words.tryWords.none}</p>;
  const largest = Math.max(0.01, ...known.map(({ effect }) => Math.abs(effect)));
  const listed = known.toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, maxListed);
  const numWords = effects.filter(({ isWord }) => isWord).length;
  return (
    <div class="effects" data-testid="effects">
      <div>
        <p class="small soft">{words.tryWords.forWhom(name, who)}</p>
        <p class="shaded" aria-hidden="true">
          {effects.map(({ text, effect }, index) => (
            <span key={`${index}-${text}`} class={sideOf(effect)} style={{ "--weight": Math.abs(effect ?? 0) / largest }}>
              {text}
            </span>
          ))}
        </p>
        <ul class="legend small" aria-hidden="true">
          <li class="for">{words.tryWords.speaksFor}</li>
          <li class="against">{words.tryWords.speaksAgainst}</li>
        </ul>
      </div>
      <table class="effect-table">
        <caption class="visually-hidden">{words.tryWords.forWhom(name, who)}</caption>
        <thead>
          <tr>
            <th scope="col">{words.tryWords.word}</th>
            <th scope="col">{words.tryWords.effect}</th>
          </tr>
        </thead>
        <tbody>
          {listed.map(({ text, effect }, index) => (
            <tr key={`${index}-${text}`}>
              <th scope="row">{text}</th>
              <td>{words.tryWords.points(effect)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {numWords > maxWords && <p class="soft small">{words.tryWords.cut(maxWords)}</p>}
    </div>
  );
}

function sideOf(effect: number | null): string | undefined {
  if (effect === null || Math.abs(effect) < 1e-4) return undefined;
  return effect > 0 ? "for" : "against";
}
