import { refusalText } from "../saying/problems.ts";
import { textOfError } from "../saying/spoken.ts";
import { ours } from "../saying/text.ts";
import { words } from "../words/words.ts";
import { ownLayersOf } from "./ownLayers.ts";
import type { TryContext } from "./tryContext.ts";
import { askForNewer, fetchTuned } from "./tunedSource.ts";

/** Fetches the run's tuned parameters and has the worker take them, with the layers of a device of this browser; false where there are none to take. */
export async function takeTuned(context: TryContext): Promise<boolean> {
  const { asker, folder, token, view, show } = context;
  if (asker === null) return false;
  const answer = await fetchTuned(folder, token);
  const { facts } = view.value.tuned;
  if (answer.kind !== "file") {
    const problem =
      answer.kind === "locked" && answer.isLater ? ours(answer.why === null ? words.tryPage.lockedLater : refusalText(answer.why)) : null;
    show({ tuned: { kind: facts === null ? answer.kind : "here", facts, problem, newerRound: null } });
    return false;
  }
  try {
    const found = await asker.ask("takeTuned", answer.file);
    context.etag = answer.etag;
    if (found.runId !== view.value.run?.runId) {
      show({ tuned: { kind: "otherRun", facts: null, problem: null, newerRound: null }, answered: null });
      return false;
    }
    show({ tuned: { kind: "here", facts: found, problem: null, newerRound: null } });
  } catch (error) {
    show({ tuned: { kind: "unusable", facts, problem: textOfError(error), newerRound: null } });
    return false;
  }
  context.layers = await ownLayersOf(view.value.run?.runId ?? "");
  const { own } = view.value;
  const chosen = context.layers.find(({ deviceId }) => deviceId === own.chosen) ?? context.layers[0] ?? null;
  await takeOwn(context, chosen?.deviceId ?? null);
  return true;
}

/** Has a device of this browser answer with its own layers, or none. */
export async function takeOwn({ asker, layers, show }: TryContext, deviceId: number | null): Promise<void> {
  const found = layers.find((one) => one.deviceId === deviceId) ?? null;
  const deviceIds = layers.map((one) => one.deviceId);
  try {
    await asker?.ask("takeOwn", found?.local ?? null);
    show({ own: { deviceIds, chosen: found?.deviceId ?? null, problem: null } });
  } catch (error) {
    show({ own: { deviceIds, chosen: null, problem: textOfError(error) } });
  }
}

/** Whether there are parameters that nobody asked for yet: the first ones are taken, newer ones are offered. */
export async function lookForNewer(context: TryContext): Promise<boolean> {
  const { view, show, folder, token } = context;
  const { tuned, loading } = view.value;
  if (document.visibilityState !== "visible" || loading.kind !== "ready") return false;
  if (tuned.kind === "locked" || tuned.kind === "unusable" || tuned.kind === "otherRun") return false;
  const news = await askForNewer(folder, token);
  if (news?.kind !== "there" || news.etag === context.etag) return false;
  if (view.value.tuned.facts === null) return takeTuned(context);
  show({ tuned: { ...view.value.tuned, newerRound: news.round } });
  return false;
}
