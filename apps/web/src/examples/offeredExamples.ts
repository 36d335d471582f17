import type { Example } from "@tutti/data";
import type { ExamplesShelf, OwnExamples } from "./ownExamples.ts";

type OfferMessage =
  | { readonly kind: "offer"; readonly id: string; readonly example: Example }
  | { readonly kind: "taken"; readonly id: string };

/** As much of a `BroadcastChannel` as is needed. */
export interface ExamplesChannel {
  postMessage(message: OfferMessage): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

/** The pages of a place in this browser; null in a browser that forbids them to speak to each other. */
export function openExamplesChannel(place: string): ExamplesChannel | null {
  try {
    return new BroadcastChannel(`tutti-examples ${place}`);
  } catch {
    return null;
  }
}

/** The tab that has the table adds what other pages of this browser offer, once earlier examples are in it. */
export function takeOffered(channel: ExamplesChannel | null, { add, whenLoaded }: Pick<OwnExamples, "add" | "whenLoaded">): void {
  channel?.addEventListener("message", ({ data }) => {
    if (!isOffer(data)) return;
    const { id, example } = data;
    void whenLoaded.then(() => {
      add([example]);
      channel.postMessage({ kind: "taken", id });
    });
  });
}

/** How an example is offered. */
export interface OfferOptions {
  readonly channel: ExamplesChannel | null;
  readonly shelf: ExamplesShelf;
  /** How long the tab with the table has to answer; after that there is none, and the example goes onto the shelf. */
  readonly waitMs: number;
}

/** Adds an example to the table of this browser: in the tab that has it open, else where it lies between visits, in its place in the run. */
export async function offerExample(example: Example, { channel, shelf, waitMs }: OfferOptions): Promise<void> {
  if (channel !== null && (await isTaken(channel, example, waitMs))) return;
  const kept = await shelf.read();
  await shelf.write({ examples: [...(kept?.examples ?? []), example], identity: kept?.identity ?? null });
}

function isTaken(channel: ExamplesChannel, example: Example, waitMs: number): Promise<boolean> {
  const id = Array.from(crypto.getRandomValues(new Uint32Array(2)), String).join("-");
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), waitMs);
    channel.addEventListener("message", ({ data }) => {
      if (typeof data !== "object" || data === null || Reflect.get(data, "kind") !== "taken" || Reflect.get(data, "id") !== id) return;
      clearTimeout(timer);
      resolve(true);
    });
    channel.postMessage({ kind: "offer", id, example });
  });
}

function isOffer(data: unknown): data is OfferMessage & { readonly kind: "offer" } {
  if (typeof data !== "object" || data === null || Reflect.get(data, "kind") !== "offer") return false;
  const example: unknown = Reflect.get(data, "example");
  if (typeof example !== "object" || example === null || typeof Reflect.get(data, "id") !== "string") return false;
  return typeof Reflect.get(example, "text") === "string" && Number.isInteger(Reflect.get(example, "label"));
}
