import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { words } from "../words/words.ts";

/** Gives the stage the whole screen, where the browser can. */
export function FullScreenButton() {
  const isFull = useSignal(document.fullscreenElement !== null);
  useEffect(() => {
    const look = (): void => {
      isFull.value = document.fullscreenElement !== null;
    };
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, [isFull]);
  if (!document.fullscreenEnabled) return null;
  return (
    <button
      type="button"
      class="button"
      onClick={() => void (isFull.value ? document.exitFullscreen() : document.documentElement.requestFullscreen())}
      data-testid="full-screen"
    >
      {isFull.value ? words.stage.leaveFullScreen : words.stage.fullScreen}
    </button>
  );
}
