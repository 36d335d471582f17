import type { Live } from "@tutti/protocol";

/** The numbers that the stage shows, as a file. */
export function asJson({ status, rounds, orders }: Live): string {
  return `${JSON.stringify({ runId: status.runId, phase: status.phase, selectedLayers: status.selectedLayers, rounds, orders }, null, 2)}\n`;
}

const heads = [
  "stage",
  "round",
  "asked",
  "counted",
  "train_loss",
  "bytes_up",
  "bytes_down",
  "evaluation_bytes_up",
  "evaluation_bytes_down",
  "all_layers_f32_up",
  "all_layers_f32_down",
  "update",
  "drift",
  "control",
  "protocol",
  "split",
  "accuracy",
  "loss",
  "texts",
] as const;

/** One row for each evaluation of a round, or one for the round; what was not measured is empty. */
export function asCsv({ rounds }: Pick<Live, "rounds">): string {
  const rows = rounds.flatMap(({ evaluations, ...round }) => {
    const { stage, bytes, evaluationBytes, allLayersF32, movement, steps, trainLoss } = round;
    const [first] = steps;
    const shared = [
      ...[stage, round.round, first?.numAsked, first?.numCounted, trainLoss, bytes.up, bytes.down],
      ...[evaluationBytes.up, evaluationBytes.down, allLayersF32.up, allLayersF32.down],
      ...[movement?.update, movement?.drift, movement?.control],
    ];
    const results = evaluations.map(({ protocol, split, accuracy, text, loss, numExamples }) => [
      ...[protocol, split, accuracy ?? text?.exactMatch ?? text?.tokenAccuracy, loss, numExamples],
    ]);
    return (results.length === 0 ? [[null, null, null, null, null]] : results).map((result) => [...shared, ...result]);
  });
  return [heads, ...rows].map((row) => `${row.map((cell) => cell ?? "").join(",")}\n`).join("");
}

/** Lets the reader keep a file. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file of the run, with what opened the stage (P-172, P-186); `none` where it is not there yet, `silent` where nobody answers. */
export async function fetchFile(address: URL, token: string | null): Promise<Blob | "none" | "silent"> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${encodeURIComponent(token)}` };
  const answer = await fetch(address, { headers, cache: "no-store", credentials: "omit" }).catch(() => null);
  if (answer === null) return "silent";
  return answer.status === 200 ? answer.blob() : "none";
}
