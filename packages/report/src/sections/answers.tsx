/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { type RunRecord, shownAnswers } from "@tutti/record";
import { Remarks } from "../elements.tsx";
import { answersNote, noAnswersText } from "../sentences/runs.ts";
import { answerParts } from "../words.ts";

/** What a compute client answered to messages of the test part, beside the references; without answers how to get some. */
export function AnswerSection({ run }: { readonly run: RunRecord }) {
  const answers = shownAnswers(run.steps ?? []);
  if (answers === null) return <p>{noAnswersText(run)}</p>;
  return (
    <>
      <Remarks texts={[answersNote(answers.length)]} />
      <ol class="answers">
        {answers.map(({ prompt, reference, answer }, index) => (
          <li key={`${index + 1} ${prompt}`}>
            <dl>
              <dt>{answerParts.prompt}</dt>
              <dd>{prompt}</dd>
              <dt>{answerParts.reference}</dt>
              <dd>{reference}</dd>
              <dt>{answerParts.answer}</dt>
              <dd>{answer === "" ? answerParts.nothing : answer}</dd>
            </dl>
          </li>
        ))}
      </ol>
    </>
  );
}
