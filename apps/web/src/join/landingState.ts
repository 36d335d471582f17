import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { keptExamples, placeOfExamples } from "../examples/keptExamples.ts";
import { openExamplesChannel, takeOffered } from "../examples/offeredExamples.ts";
import { type OwnExamples, ownExamples } from "../examples/ownExamples.ts";
import { joinedBefore } from "../storage/cameBack.ts";
import { cleanNickname, rememberedNickname, rememberNickname } from "../storage/nickname.ts";
import { isWorkerOf } from "../training/workshop.ts";
import type { LandingController } from "./controller.ts";
import { lookAtDevice } from "./deviceProbes.ts";
import { countDownloads, type Downloads } from "./downloads.ts";
import { lookForOtherTabs, openTabChannel } from "./otherTabs.ts";
import { type DeviceFacts, isForwardOnly } from "./preflight.ts";
import type { PageParams } from "./queryParams.ts";
import { needsOf } from "./runNeeds.ts";
import { classificationOf } from "./taskTitle.ts";

/** What is known before anybody joins, as it becomes known. */
export interface LandingState {
  readonly device: ReadonlySignal<DeviceFacts | null>;
  readonly downloads: ReadonlySignal<Downloads | null>;
  readonly otherTab: ReadonlySignal<"none" | "found" | "shown">;
  /** The volunteer's own examples; null while the run is not known, and for tasks without classes. */
  readonly table: ReadonlySignal<OwnExamples | null>;
  readonly nickname: Signal<string>;
  showOtherTab(): void;
  /** The name as it is typed, which is kept for the next visit. */
  takeNickname(): string;
  /** Whether no backward pass fits this device, and the run has work for it all the same. */
  isForwardOnly(run: RunInfo | null): boolean;
  /** The run is known, or another one is served now: its model and this browser's examples for it can be looked up. */
  learnRun(run: RunInfo): void;
  /** Looks at the device and for other tabs. */
  look(): void;
}

/** What the landing page of the run whose pages lie in `folder` looks up. */
export function createLandingState(folder: string, params: PageParams, controller: LandingController): LandingState {
  const device = signal<DeviceFacts | null>(null);
  const downloads = signal<Downloads | null>(null);
  const otherTab = signal<"none" | "found" | "shown">("none");
  const table = signal<OwnExamples | null>(null);
  const nickname = signal(params.nickname === "" ? rememberedNickname() : params.nickname);
  const before = joinedBefore(folder);
  let known: string | null = null;
  let others: ReturnType<typeof lookForOtherTabs> | null = null;

  const found = (): void => {
    if (otherTab.value === "none" && !controller.view.value.hasJoined) otherTab.value = "found";
  };

  return {
    device,
    downloads,
    otherTab,
    table,
    nickname,
    showOtherTab() {
      others?.showIt();
      otherTab.value = "shown";
    },
    takeNickname() {
      const name = cleanNickname(nickname.value);
      rememberNickname(name);
      return name;
    },
    isForwardOnly: (run) => device.value !== null && isForwardOnly(device.value, needsOf(run, downloads.value)),
    learnRun({ run, runId, urls, status }) {
      if (known === runId) return;
      known = runId;
      const task = classificationOf(run.task);
      if (task !== null) {
        const place = placeOfExamples(folder, params.tab, task);
        table.value = ownExamples(keptExamples(place));
        takeOffered(openExamplesChannel(place), table.value);
      }
      if (status.phase === "done") return;
      // the model itself waits until somebody joins
      if (before?.runId === runId) controller.prepare();
      countDownloads(new URL(urls.backbone, folder).href, { folder, hasScript: isWorkerOf(before?.script) }).then(
        (counted) => {
          downloads.value = counted;
        },
        () => undefined, // the page says that the size is not known
      );
    },
    look() {
      void lookAtDevice(params, controller.memory).then((facts) => {
        device.value = facts;
      });
      // a numbered tab is meant to be another participant
      if (params.tab === "") others = lookForOtherTabs(openTabChannel(folder), found);
    },
  };
}
