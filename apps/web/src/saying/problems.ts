import type { ClientFault, ClientProblem } from "@tutti/client";
import type { OrderRefusal, RefusalKind } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { lackText } from "./runSayings.ts";
import { asSentence, type Text } from "./text.ts";

/** Why the coordinator turns a tab away. */
export function refusalText(why: RefusalKind): string {
  const { turnedAway } = words;
  switch (why.kind) {
    case "invitationEnded":
      return turnedAway.invitationEnded(words.formats.dateTime(1000 * why.at));
    case "runFull":
    case "devicesFull":
    case "addressFull":
    case "tokenFull":
      return turnedAway[why.kind](why.most);
    case "noPlan":
      return turnedAway.noPlan(lackText(why.lack));
    default:
      return turnedAway[why.kind];
  }
}

/** Why this tab cannot take part; `message` is the same in English, for what has no kind. */
export function faultText(why: ClientFault | undefined, message: string): Text {
  if (why === undefined) return { text: message, lang: "en" };
  if (why.kind !== "notAdmitted") return { text: words.tabProblems[why.kind], lang: undefined, detail: why.detail };
  if (why.why !== undefined) return { text: refusalText(why.why), lang: undefined };
  return { text: words.turnedAway.other(why.rule), lang: undefined, detail: asSentence(why.message) };
}

/** What went wrong while the tab goes on. */
export function problemText(problem: ClientProblem | undefined, message: string): Text {
  if (problem === undefined) return { text: message, lang: "en" };
  const { tabProblems } = words;
  if (problem.kind === "notDeleted") return { text: tabProblems.notDeleted, lang: undefined };
  const text = problem.kind === "deviceRefused" ? tabProblems.deviceRefused(problem.rule) : tabProblems[problem.kind];
  return { text, lang: undefined, detail: problem.detail };
}

/** Why an order of the operator's is refused. */
export function orderRefusalText(why: OrderRefusal): string {
  const { orderRefusals } = words;
  switch (why.kind) {
    case "tooFewForRule":
      return orderRefusals.tooFewForRule(why.size);
    case "nobodyDropped":
      return orderRefusals.nobodyDropped(words.formats.share(why.fraction), why.size);
    case "tooFewIn":
      return orderRefusals.tooFewIn(why.numIn, why.numTasks, why.needed);
    default:
      return orderRefusals[why.kind];
  }
}
