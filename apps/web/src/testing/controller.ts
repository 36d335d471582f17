import { signal } from "@preact/signals";
import { firstChoices } from "../join/choices.ts";
import type { JoinController } from "../join/controller.ts";
import type { Offers } from "../join/surroundings.ts";
import type { View } from "../join/view.ts";

/** A controller that does nothing, of a browser that tells everything. */
export function idleController(view: View, offers: Offers = { idle: true, charging: true, wakeLock: true }): JoinController {
  const nothing = (): void => undefined;
  return {
    view: signal(view),
    choices: signal(firstChoices),
    offers: () => offers,
    signs: () => ({ userAgent: "Mozilla/5.0 (X11; Linux x86_64)", maxTouchPoints: 0, screenSide: 1080, hasBattery: true }),
    join: nothing,
    bring: nothing,
    pause: nothing,
    pauseAfterTask: nothing,
    resume: nothing,
    choose: nothing,
    downloadReceipt: nothing,
    leave: nothing,
    leaveAndDelete: nothing,
  };
}
