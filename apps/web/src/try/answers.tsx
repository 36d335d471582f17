import type { Answerer, TryoutReady } from "@tutti/model";
import { CorrectIt } from "../class/correctIt.tsx";
import { words } from "../words/words.ts";
import { answerersOf, type TryView } from "./tryView.ts";

/** What each model answers, beside each other. */
export function Answers({ view }: { readonly view: TryView }) {
  const { loading, answered, isAsking } = view;
  if (loading.kind !== "ready") return <AnswersFrame />;
  const answerers = answerersOf(view);
  const classes = classesOf(loading.ready);
  return (
    <section class="answers" aria-labelledby="answers-title" data-busy={isAsking} data-text={answered?.question.text}>
      <h2 id="answers-title" class="visually-hidden">
        {words.tryPage.answersTitle}
      </h2>
      <div class="answer-grid" data-count={answerers.length}>
        {answerers.map((of) => (
          <Answer key={of} of={of} view={view} classes={classes} shares={answered?.probabilities[of] ?? null} />
        ))}
      </div>
      <p class="visually-hidden" role="status" data-testid="heard">
        {isAsking || answered === null ? "" : heardText(view, classes)}
      </p>
      {answered === null && <p class="soft">{words.tryPage.typeFirst}</p>}
      {answered !== null && answered.question.textB === undefined && <CorrectIt text={answered.question.text} classes={classes} />}
      {answered !== null && answered.fit.numCut > 0 && (
        <p class="soft small" data-testid="cut">
          {words.tryPage.cut(answered.fit.numCut, answered.fit.numTokens)}
        </p>
      )}
    </section>
  );
}

/** Two empty panels while the model loads, so that nothing moves when it answers. */
function AnswersFrame() {
  return (
    <div class="answers" aria-hidden="true">
      <div class="answer-grid" data-count="2">
        <div class="answer card" />
        <div class="answer card" />
      </div>
    </div>
  );
}

interface AnswerProps {
  readonly of: Answerer;
  readonly view: TryView;
  readonly classes: readonly string[];
  /** Null before the first answer. */
  readonly shares: readonly number[] | null;
}

function Answer({ of, view, classes, shares }: AnswerProps) {
  const best = shares === null ? -1 : shares.indexOf(Math.max(...shares));
  return (
    <section class={`answer card ${of}`} data-testid={`answer-${of}`} aria-labelledby={`answer-${of}-title`}>
      <h3 id={`answer-${of}-title`}>{nameOf(of, view)}</h3>
      <p class="soft small">{noteOf(of, view)}</p>
      <p class="verdict" data-testid={`verdict-${of}`}>
        {classes[best] ?? "…"}
      </p>
      <ul class="shares">
        {classes.map((name, index) => (
          <li key={name} class={index === best ? "best" : undefined}>
            <span class="share-name">{name}</span>
            <span class="share-number" data-testid={`share-${of}-${index}`} data-share={shares?.[index]}>
              {shares === null ? "–" : words.formats.percent(shares[index] ?? 0)}
            </span>
            <span class="share-bar" aria-hidden="true">
              <span class="share-fill" style={{ transform: `scaleX(${shares?.[index] ?? 0})` }} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Who answers, as a heading. */
export function nameOf(of: Answerer, { own }: Pick<TryView, "own">): string {
  if (of === "own") return words.tryPage.own(own.chosen ?? 0);
  return of === "before" ? words.tryPage.before : words.tryPage.tuned;
}

function noteOf(of: Answerer, { tuned }: TryView): string {
  if (of === "own") return words.tryPage.ownNote;
  return of === "before" ? words.tryPage.beforeNote : words.tryPage.tunedNote(tuned.facts?.round ?? null);
}

/** The classes of a loaded task; none where it is answered with text. */
export function classesOf({ task }: TryoutReady): readonly string[] {
  return task.kind === "classification" ? task.classes : [];
}

function heardText(view: TryView, classes: readonly string[]): string {
  return answerersOf(view)
    .flatMap((of) => {
      const shares = view.answered?.probabilities[of];
      if (shares === undefined) return [];
      const share = Math.max(...shares);
      return [words.tryPage.heard(nameOf(of, view), classes[shares.indexOf(share)] ?? "", share)];
    })
    .join(". ");
}
