import { useSignal } from "@preact/signals";
import type { Live } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { asCsv, asJson, download } from "./exports.ts";

interface TakeAlongProps {
  readonly live: Live;
  readonly folder: string;
  /** What the page brings where not everybody may watch. */
  readonly token: string | null;
}

/** Numbers, tuned parameters and the report, to keep. */
export function TakeAlong({ live, folder, token }: TakeAlongProps) {
  const problem = useSignal<string | null>(null);
  const { runId } = live.status;
  const report = async (): Promise<void> => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${encodeURIComponent(token)}` };
    const answer = await fetch(new URL("report.html", folder), { headers, cache: "no-store", credentials: "omit" }).catch(() => null);
    problem.value = answer?.ok === true ? null : answer === null ? words.stage.problems.silent : words.stageExport.noReport;
    if (answer?.ok === true) download(`${runId}-report.html`, await answer.blob());
  };
  return (
    <section class="card stage-export" aria-labelledby="export-title">
      <h2 id="export-title">{words.stageExport.title}</h2>
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() => download(`${runId}.json`, new Blob([asJson(live)], { type: "application/json" }))}
          data-testid="export-json"
        >
          {words.stageExport.json}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => download(`${runId}.csv`, new Blob([asCsv(live)], { type: "text/csv" }))}
          data-testid="export-csv"
        >
          {words.stageExport.csv}
        </button>
        <a class="button" href={new URL("tuned.safetensors", folder).href} download={`${runId}.safetensors`} data-testid="export-prompts">
          {words.stageExport.prompts}
        </a>
        <button type="button" class="button" onClick={report} data-testid="export-report">
          {words.stageExport.report}
        </button>
      </div>
      <p class="soft small" role="status">
        {problem.value}
      </p>
    </section>
  );
}
