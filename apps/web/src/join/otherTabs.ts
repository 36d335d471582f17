/** Where tabs of one browser find each other. */
export interface TabChannel {
  postMessage(message: unknown): void;
  addEventListener(kind: "message", listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

type Word = "isAnyoneHere" | "iTakePart" | "showYourself";

const channelName = (folder: string): string => `tutti${new URL(folder).pathname}`;

/** A channel for the run whose pages lie in `folder`; null in a browser that has none, or whose settings forbid this site to have one. */
export function openTabChannel(folder: string): TabChannel | null {
  try {
    return new BroadcastChannel(channelName(folder));
  } catch {
    return null;
  }
}

/** Another tab of this browser that takes part, as far as it is known. */
export interface OtherTabs {
  /** Asks the other tab to mark its title. */
  showIt(): void;
  close(): void;
}

/** Asks whether a tab of this browser takes part already; `onFound` is called when one says so, also one that joins later. */
export function lookForOtherTabs(channel: TabChannel | null, onFound: () => void): OtherTabs {
  channel?.addEventListener("message", ({ data }) => {
    if (data === word("iTakePart")) onFound();
  });
  channel?.postMessage(word("isAnyoneHere"));
  return { showIt: () => channel?.postMessage(word("showYourself")), close: () => channel?.close() };
}

/** Answers for as long as this tab takes part. */
export function takePart(channel: TabChannel | null, onShow: () => void): { close(): void } {
  channel?.addEventListener("message", ({ data }) => {
    if (data === word("isAnyoneHere")) channel.postMessage(word("iTakePart"));
    if (data === word("showYourself")) onShow();
  });
  channel?.postMessage(word("iTakePart"));
  return { close: () => channel?.close() };
}

const word = (said: Word): Word => said;

const markMs = 10_000;

/** Marks this tab's title, where one looks for a tab, and comes to the front where the browser lets it. */
export function markTitle(): void {
  const mark = "▶ ";
  const set = (): void => {
    if (!document.title.startsWith(mark)) document.title = `${mark}${document.title}`;
  };
  set();
  const setting = setInterval(set, 250); // a headline that changes meanwhile takes the mark away
  setTimeout(() => {
    clearInterval(setting);
    if (document.title.startsWith(mark)) document.title = document.title.slice(mark.length);
  }, markMs);
  window.focus();
}
