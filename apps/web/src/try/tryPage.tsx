import { PageFrame } from "../frame/pageFrame.tsx";
import { words } from "../words/words.ts";

/** The page where the tuned model answers. */
export function TryPage() {
  return (
    <PageFrame current="try" foot={<p>{words.footer.about}</p>}>
      <h1>{words.tryPage.title}</h1>
    </PageFrame>
  );
}
