import type { Example } from "@tutti/data";

/** What another page of this browser says that it found: an example for the volunteer's own ones. */
interface Offer {
  readonly kind: "offer";
  readonly id: string;
  readonly example: Pick<Example, "text" | "label">;
}

/** The answer of the tab that has the table. `share`: it trains a share of the run's examples, and takes none. */
interface OfferAnswer {
  readonly kind: "answer";
  readonly id: string;
  readonly outcome: "taken" | "share";
}

/** `nobody`: no tab of this browser has the run's join page open. */
export type OfferOutcome = OfferAnswer["outcome"] | "nobody";

/** The part of a BroadcastChannel that this needs. */
export interface OfferChannel {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

/** The channel between the pages of one run in this browser. */
export function openOfferChannel(folder: string): OfferChannel {
  return new BroadcastChannel(`tutti/examples${new URL(folder).pathname}`);
}

const answerWithinMs = 800;

/** Offers a corrected example to the tab that takes part; the tab's next task has it. */
export function offerExample(channel: OfferChannel, example: Offer["example"], after = setTimeout): Promise<OfferOutcome> {
  const id = `${Date.now()}-${performance.now()}`;
  return new Promise((resolve) => {
    channel.addEventListener("message", ({ data }) => {
      if (isAnswer(data) && data.id === id) resolve(data.outcome);
    });
    channel.postMessage({ kind: "offer", id, example } satisfies Offer);
    after(() => resolve("nobody"), answerWithinMs);
  });
}

/** Takes offers until the channel is closed: into the table of whoever has own examples. `numClasses`: a label of another run is left alone. */
export function takeOffers(channel: OfferChannel, numClasses: number, take: (example: Offer["example"]) => OfferAnswer["outcome"]): void {
  channel.addEventListener("message", ({ data }) => {
    if (!isOffer(data) || data.example.label >= numClasses) return;
    const outcome = take({ text: data.example.text.trim(), label: data.example.label });
    channel.postMessage({ kind: "answer", id: data.id, outcome } satisfies OfferAnswer);
  });
}

/** Any page of this origin may say anything. */
function isOffer(data: unknown): data is Offer {
  if (typeof data !== "object" || data === null || !("kind" in data) || data.kind !== "offer") return false;
  if (!("id" in data) || typeof data.id !== "string" || !("example" in data)) return false;
  const { example } = data;
  return (
    typeof example === "object" &&
    example !== null &&
    "text" in example &&
    typeof example.text === "string" &&
    example.text.trim() !== "" &&
    example.text.length <= maxCharacters &&
    "label" in example &&
    Number.isInteger(example.label) &&
    Number(example.label) >= 0
  );
}

const maxCharacters = 5000;

function isAnswer(data: unknown): data is OfferAnswer {
  return typeof data === "object" && data !== null && "kind" in data && data.kind === "answer" && "id" in data && "outcome" in data;
}
