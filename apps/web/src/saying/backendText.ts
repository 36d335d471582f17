import type { BackendNote, NamedBackend, TrainerReady } from "@tutti/model";
import { words } from "../words/words.ts";
import { asSentence, type Text } from "./text.ts";

/** What this tab computes on, and why. */
export function backendText({ reason, why }: Pick<TrainerReady, "reason" | "why">): Text {
  if (why === undefined) return { text: asSentence(reason), lang: "en" };
  const { backendReasons: said } = words;
  const [fastest, ...others] = why.measured;
  const chosen = [
    ...(why.rememberedAtMs === null ? [] : [said.remembered(words.formats.dateTime(why.rememberedAtMs))]),
    ...(why.askedBy === null ? [] : [said.askedBy[why.askedBy](nameOf(why))]),
    ...(fastest === undefined ? [] : [said.fastest(nameOf(fastest), Math.max(1, fastest.ms))]),
    ...others.map((other) => said.slower(nameOf(other), Math.max(1, other.ms))),
  ];
  return { text: [...chosen, ...why.notes.map(noteText)].join(" "), lang: undefined };
}

function nameOf({ backend, threads, adapter }: NamedBackend): string {
  const { titles, on, withThreads } = words.backendReasons;
  if (adapter !== null) return on(titles[backend], adapter);
  return backend === "wasm" ? withThreads(titles.wasm, threads) : titles[backend];
}

function noteText(note: BackendNote): string {
  const { backendReasons: said, notices } = words;
  switch (note.kind) {
    case "fewCores":
      return said.fewCores(note.threads);
    case "kernels":
      return said.kernels[note.variant];
    case "plainKernels":
      return note.isAsked ? said.plainAsked : said.plainFailed;
    case "noGpu":
      return said.noGpu[note.lack];
    case "noStart":
    case "noCompute":
      return said[note.kind](said.titles[note.backend]);
    case "software":
      return said.software(note.adapter);
    case "threadsStuck":
      return asSentence(notices.threadsStuck(note.threads, note.seconds));
    case "gpuStuck":
      return asSentence(notices.gpuStuck(note.seconds));
    default:
      return said[note.kind];
  }
}
