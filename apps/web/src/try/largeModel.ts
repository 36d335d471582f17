import type { ReadonlySignal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { z } from "zod";
import { textOfError } from "../saying/spoken.ts";
import type { Asker } from "./asker.ts";
import type { LargeView, TryView } from "./tryView.ts";

/** What loading a large model needs of its page. */
export interface LargePorts {
  readonly asker: Asker;
  readonly view: ReadonlySignal<TryView>;
  show(change: Partial<TryView>): void;
  readonly folder: string;
}

const manifestSchema = z.object({ numBytes: z.number() });

/** The large model of a run that has one beside the small one, not yet downloaded; null for other runs. */
export function largeOf({ run }: Pick<RunInfo, "run">): LargeView | null {
  const { large } = run.strategy as { readonly large?: unknown };
  if (typeof large !== "string") return null;
  return { name: large, kind: "offered", numBytes: null, progress: null, problem: null };
}

/** Where its manifest lies: beside the small one's. */
export function largeManifest({ urls }: Pick<RunInfo, "urls">, name: string, folder: string): string {
  return new URL(`../${name}/manifest.json`, new URL(urls.backbone, folder)).href;
}

/** The bytes that a click would download; null where the server does not have the model. */
export async function largeBytes(run: RunInfo, name: string, folder: string): Promise<number | null> {
  try {
    const response = await fetch(largeManifest(run, name, folder));
    return response.ok ? manifestSchema.parse(await response.json()).numBytes : null;
  } catch {
    return null;
  }
}

/** Downloads it, after somebody asked for it. */
export async function loadLarge({ asker, view, show, folder }: LargePorts): Promise<void> {
  const { run, large } = view.value;
  if (run === null || large === null || large.kind === "loading") return;
  const loading: LargeView = { ...large, kind: "loading", problem: null };
  show({ large: loading });
  try {
    await asker.ask("openLarge", largeManifest(run, large.name, folder), {
      onProgress: (progress) => show({ large: { ...loading, progress } }),
    });
    show({ large: { ...loading, kind: "here" }, drawn: {} });
  } catch (error) {
    show({ large: { ...large, kind: "failed", problem: textOfError(error) } });
  }
}
