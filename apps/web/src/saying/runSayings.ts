import type { Lack, Saying } from "@tutti/core";
import type { Status } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { asSentence, type Text } from "./text.ts";

/** What a run says of itself at present, in the reader's language where it comes as kinds; null where it says nothing. */
export function runSays({ message, said }: Pick<Status, "message" | "said">): Text | null {
  if (said !== undefined) return { text: said.map(sayingText).join(" "), lang: undefined };
  return message === null ? null : { text: asSentence(message), lang: "en" };
}

/** One thing that a run says, as a sentence. */
export function sayingText(saying: Saying): string {
  const { sayings } = words;
  switch (saying.kind) {
    case "registering":
    case "gathering":
    case "tooFew":
      return sayings[saying.kind](saying.count, saying.needed);
    case "away":
      return sayings.away(saying.deviceIds.join(", "));
    case "tabsPaused":
    case "allPaused":
      return sayings[saying.kind](saying.count);
    case "noneWorks":
      return sayings.noneWorks(saying.numPaused, saying.numDeclined, saying.numArriving);
    case "repeated":
    case "unanswered":
      return sayings[saying.kind](saying);
    case "reset":
      return sayings.resets[saying.why](saying.deviceId);
    case "leftOut":
      return sayings.leftOut(saying.deviceId, lackText(saying.lack));
    default:
      return sayings[saying.kind];
  }
}

/** Why no plan fits a machine, as the end of a sentence. */
export function lackText({ of, needed, available }: Lack): string {
  return words.sayings.lacks[of](needed, available);
}
