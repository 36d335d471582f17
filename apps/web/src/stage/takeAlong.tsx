import { useSignal } from "@preact/signals";
import type { Live } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { asCsv, asJson, download, fetchFile } from "./exports.ts";

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
  const take = async (path: string, name: string, none: string): Promise<void> => {
    const file = await fetchFile(new URL(path, folder), token);
    problem.value = file === "silent" ? words.stage.problems.silent : file === "none" ? none : null;
    if (file instanceof Blob) download(name, file);
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
        <button
          type="button"
          class="button"
          onClick={() => take("tuned.safetensors", `${runId}.safetensors`, words.stageExport.noPrompts)}
          data-testid="export-prompts"
        >
          {words.stageExport.prompts}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => take("report.html", `${runId}-report.html`, words.stageExport.noReport)}
          data-testid="export-report"
        >
          {words.stageExport.report}
        </button>
      </div>
      <p class="soft small" role="status">
        {problem.value}
      </p>
    </section>
  );
}
