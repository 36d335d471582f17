import { PageFrame } from "../frame/pageFrame.tsx";
import { words } from "../words/words.ts";
import { OperatorPanel } from "./operator/operatorPanel.tsx";

/** The page for the wall, and for the operator. */
export function StagePage() {
  return (
    <PageFrame current="stage" foot={<p>{words.footer.about}</p>}>
      <h1>{words.stage.title}</h1>
      <OperatorPanel />
    </PageFrame>
  );
}
