import { useSignal } from "@preact/signals";
import { words } from "../words/words.ts";
import { saveAs } from "./download.ts";
import { linkTo } from "./link.ts";
import type { TryController } from "./tryController.ts";
import { isAsked, type TryView } from "./tryView.ts";

interface KeepAndShareProps {
  readonly view: TryView;
  readonly controller: Pick<TryController, "asker">;
}

/** A link to this question, and the tuned parameters as a file. */
export function KeepAndShare({ view, controller }: KeepAndShareProps) {
  return (
    <section aria-labelledby="share-title">
      <h2 id="share-title" class="visually-hidden">
        {words.tryShare.title}
      </h2>
      <div class="columns">
        <ShareLink view={view} />
        <TakePrompts view={view} controller={controller} />
      </div>
    </section>
  );
}

function ShareLink({ view: { question, tuned } }: Pick<KeepAndShareProps, "view">) {
  const isCopied = useSignal<string | null>(null);
  const page = `${location.origin}${location.pathname}`;
  const link = isAsked(question) ? linkTo(page, question, tuned.facts?.parametersSha256 ?? null) : "";
  const clipboard = navigator.clipboard as Clipboard | undefined;
  return (
    <div class="card">
      <h3 class="card-title">{words.tryShare.linkTitle}</h3>
      <p class="soft small">{words.tryShare.linkNote}</p>
      <label class="stacked-field">
        <span class="visually-hidden">{words.tryShare.link}</span>
        <input class="link" data-testid="link" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
      </label>
      {clipboard !== undefined && (
        <div class="actions">
          <button
            class="button"
            type="button"
            data-testid="copy-link"
            disabled={link === ""}
            onClick={() =>
              void clipboard.writeText(link).then(
                () => {
                  isCopied.value = link;
                },
                () => undefined, // the field is there to copy from
              )
            }
          >
            {words.tryShare.copy}
          </button>
          <span role="status" class="soft small">
            {isCopied.value !== null && isCopied.value === link ? words.tryShare.copied : ""}
          </span>
        </div>
      )}
    </div>
  );
}

/** What the downloaded file is called. */
const fileName = "prompts.safetensors";

const python = `# pip install safetensors numpy
from safetensors import safe_open

with safe_open("${fileName}", framework="np") as file:
    print(file.metadata()["backbone"], file.metadata()["task"])
    for name in file.keys():
        print(name, file.get_tensor(name).shape)`;

function TakePrompts({ view: { tuned, run, loading }, controller }: KeepAndShareProps) {
  if (tuned.facts === null || run === null || loading.kind !== "ready") return null;
  const { whyNotPeft } = loading.ready;
  const save = async () => {
    const file = await controller.asker()?.ask("promptsFile", null);
    if (file != null) saveAs(fileName, new Uint8Array(file), "application/octet-stream");
  };
  return (
    <div class="card">
      <h3 class="card-title">{words.tryShare.promptsTitle}</h3>
      <p class="soft small">{words.tryShare.promptsNote(tuned.facts.numParameters, run.run.backbone)}</p>
      <div class="actions">
        <button class="button" type="button" data-testid="download-prompts" onClick={() => void save()}>
          {words.tryShare.download}
        </button>
      </div>
      <p class="small">{words.tryShare.inTerminal}</p>
      <pre class="snippet" data-testid="snippet-terminal">
        <code>{`npx tutti predict --prompts ${fileName} "…"`}</code>
      </pre>
      <p class="small">{words.tryShare.inPython}</p>
      <pre class="snippet" data-testid="snippet-python">
        <code>{python}</code>
      </pre>
      {whyNotPeft === null ? (
        <>
          <p class="small">{words.tryShare.peft}</p>
          <pre class="snippet">
            <code>{`npx tutti prompt export ${fileName} --format peft --out adapter`}</code>
          </pre>
        </>
      ) : (
        <p class="small">{words.tryShare.noPeft(words.noPeftReasons[whyNotPeft])}</p>
      )}
    </div>
  );
}
