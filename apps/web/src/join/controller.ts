import type { ReadonlySignal } from "@preact/signals";
import { type ClientSession, tokenIn } from "@tutti/client";
import type { Example } from "@tutti/data";
import { rememberRun } from "../storage/cameBack.ts";
import { type BackendMemory, backendMemory } from "../storage/rememberedBackend.ts";
import { hereAndNow } from "../training/workshop.ts";
import type { Choices } from "./choices.ts";
import type { DataSource } from "./dataSource.ts";
import type { DeviceSigns } from "./energy.ts";
import { type Healing, watchHealing } from "./healing.ts";
import { createLending, type Lending } from "./lending.ts";
import { openSession, type PreparedWorker, prepareWorker } from "./openSession.ts";
import { markTitle, openTabChannel, takePart } from "./otherTabs.ts";
import { pageFolder } from "./pageFolder.ts";
import type { PageParams } from "./queryParams.ts";
import { saveReceipt } from "./receiptFile.ts";
import { keepReceipts, type ReceiptKeeper } from "./receiptKeeper.ts";
import { type RememberedJoin, rememberJoin } from "./rejoin.ts";
import { createShownView, type ShownView } from "./shownView.ts";
import { type Offers, type Watch, watchSurroundings } from "./surroundings.ts";
import { emptyView, type PageEvent, type View } from "./view.ts";
import { createWakeLock } from "./wakeLock.ts";

/** What the page can do. */
export interface JoinController {
  readonly view: ReadonlySignal<View>;
  readonly choices: ReadonlySignal<Choices>;
  /** Which conditions the browser can tell. */
  offers(): Offers;
  /** What tells kinds of devices apart. */
  signs(): DeviceSigns;
  /** `before` is what the tab remembers of how it took part until it was reloaded. */
  join(source: DataSource, before?: RememberedJoin | null): void;
  /** What lets this tab in, where its address does not carry it. */
  bring(token: string): void;
  /** Stands still at once: the task at hand goes on when the tab does, or goes back after a while. */
  pause(): void;
  /** Finishes the task at hand first. */
  pauseAfterTask(): void;
  resume(): void;
  choose(choices: Partial<Choices>): void;
  downloadReceipt(): void;
  leave(): void;
  /** Leaves for good: what the server and this browser keep of the tab's devices is deleted. */
  leaveAndDelete(): void;
}

/** What else the page can do before it joins. */
export interface LandingController extends JoinController {
  /** What this browser measured on earlier visits. */
  readonly memory: Pick<BackendMemory, "look">;
  /** Loads what computes before it is asked to, for somebody who comes back. */
  prepare(): void;
  /** Other examples of the volunteer's own, for the tasks from the next plan on. */
  changeExamples(examples: readonly Example[]): void;
  /** The volunteer's name in the run, for the next join. */
  name(nickname: string): void;
  /** Whether no backward pass fits this device, for the next join. */
  passes(isForwardOnly: boolean): void;
}

/** The parts of the page that live as long as it does, and the session of the moment. */
interface Parts {
  readonly shown: ShownView;
  readonly surroundings: Watch;
  readonly lending: Lending;
  readonly receipts: ReceiptKeeper;
  readonly healing: Healing;
  session: ClientSession | null;
  pace(share: number): void;
}

/** Holds the socket, the store and the training worker, and turns what happens into a view. */
export function createJoinController(params: PageParams): LandingController {
  const parts = createParts();
  const { shown, lending, receipts, healing, surroundings } = parts;
  const memory = backendMemory(hereAndNow);
  let token = tokenIn(location.href);
  let { nickname } = params;
  let isForwardOnly = false;
  let prepared: PreparedWorker | null = null;
  let remembered: RememberedJoin | null = null;

  function onEvent(event: PageEvent): void {
    shown.onEvent(event);
    if (event.kind === "traffic") lending.look();
    healing.onEvent(event);
    receipts.onEvent(event);
    const { welcome } = shown.latest();
    if (event.kind === "ready" && welcome !== null) rememberRun(pageFolder(), { runId: welcome.runId, script: hereAndNow.version });
  }

  const prepare = (): PreparedWorker => {
    prepared ??= prepareWorker({ numThreads: params.threads, memory, onEvent });
    return prepared;
  };

  /** Notes how the tab takes part, for a reload. */
  function remember(joined: RememberedJoin | null): void {
    remembered = joined;
    rememberJoin(pageFolder(), joined);
  }

  async function begin(source: DataSource, before: RememberedJoin | null): Promise<void> {
    if (before?.isPaused === true) {
      lending.order("user");
      healing.cameBackPaused();
    }
    lending.look();
    const onPace = (pace: Parts["pace"]): void => {
      parts.pace = pace;
      lending.apply();
    };
    const worker = prepare();
    prepared = null;
    const presence = takePart(openTabChannel(pageFolder()), markTitle);
    const { session, isKept, close } = await openSession(source, {
      ...{ params: { ...params, nickname }, token, worker, memory, lending, healing, onEvent, onPace },
      isForwardOnly: before?.isForwardOnly ?? isForwardOnly,
      wasReloaded: before !== null,
    });
    parts.session = session;
    if (!isKept) shown.keepsNothing();
    const passes = (before?.isForwardOnly ?? isForwardOnly) ? { isForwardOnly: true } : {};
    remember({ source: source.kind, isKept, ...passes, ...(lending.isOrdered() ? { isPaused: true } : {}) });
    const { reason } = await session.whenEnded;
    if (reason !== "reload") remember(null);
    presence.close();
    close();
  }

  function order(act: () => void): void {
    act();
    if (remembered === null) return;
    const { isPaused: _, ...others } = remembered;
    remember({ ...others, ...(lending.isOrdered() ? { isPaused: true } : {}) });
  }

  return {
    view: shown.view,
    changeExamples: (examples) => ignoring(parts.session?.changeExamples(examples)),
    memory,
    prepare: () => void prepare(),
    name(given) {
      nickname = given;
    },
    passes(given) {
      isForwardOnly = given;
    },
    choices: lending.choices,
    offers: surroundings.offers,
    signs: surroundings.signs,
    join(source, before = null) {
      lending.restart();
      if (lending.choices.value.onlyIdle) void surroundings.watchIdle(false);
      shown.reset({ ...emptyView, hasJoined: true, hasOwn: source.kind === "own", drain: surroundings.drain() });
      onEvent({ kind: "connection", state: "connecting" });
      begin(source, before).catch((error: unknown) => onEvent({ kind: "ended", end: { reason: "failed", message: messageOf(error) } }));
    },
    bring(given) {
      token = given;
      location.replace(`#${new URLSearchParams({ token: given })}`); // a reload finds it in the address
    },
    pause: () => order(() => lending.order("user")),
    pauseAfterTask: () => order(() => lending.order("afterTask")),
    resume: () => order(lending.resume),
    choose: (choices) => void choose(choices, parts),
    downloadReceipt: () => void receipts.get().then((receipt) => receipt !== null && saveReceipt(receipt)),
    leave: () => void leave(parts),
    leaveAndDelete: () => void leaveAndDelete(parts),
  };
}

function createParts(): Parts {
  const keepAwake = createWakeLock();
  const shown = createShownView((_, state) =>
    keepAwake(lending.choices.value.keepsAwake && (state === "training" || state === "waiting" || state === "loading")),
  );
  const surroundings = watchSurroundings(() => {
    shown.onEvent({ kind: "battery", drain: surroundings.drain() });
    lending.look();
  });
  const lending = createLending({
    storage: () => localStorage,
    around: () => {
      const { sentBytes, receivedBytes } = shown.latest().traffic;
      return { ...surroundings.now(), numBytes: sentBytes + receivedBytes };
    },
    pause: (options) => parts.session?.pause(options),
    resume: () => parts.session?.resume(),
    pace: (share) => parts.pace(share),
    onRest: (reason, isHeld) => shown.onEvent({ kind: "rest", reason, isHeld }),
  });
  const receipts = keepReceipts({
    ask: async () => (await parts.session?.receipt()) ?? null,
    now: () => performance.now(),
    onReceipt: (receipt) => shown.onEvent({ kind: "receipt", receipt }),
  });
  const healing = watchHealing({
    check: () => parts.session?.checkConnection(),
    onIncident: (incident) => shown.onEvent({ kind: "incident", incident }),
  });
  const parts: Parts = { shown, surroundings, lending, receipts, healing, session: null, pace: () => undefined };
  return parts;
}

async function choose(choices: Partial<Choices>, { lending, surroundings }: Parts): Promise<void> {
  // the browser asks its user, and may refuse
  const isRefused = choices.onlyIdle === true && !(await surroundings.watchIdle(true));
  lending.change(isRefused ? { ...choices, onlyIdle: false } : choices);
}

/** A coordinator that does not answer keeps nobody. */
const farewellMs = 1000;

async function leave({ session, receipts }: Parts): Promise<void> {
  await Promise.race([receipts.get(), new Promise((resolve) => setTimeout(resolve, farewellMs))]);
  await session?.leave();
}

async function leaveAndDelete({ session, receipts }: Parts): Promise<void> {
  const withdrawn = (await session?.leaveAndDelete()) ?? null;
  if (withdrawn !== null) receipts.forget();
}

/** Who trains a share, or has no example left, changes nothing. */
function ignoring(changing: Promise<void> | undefined): void {
  changing?.catch(() => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
