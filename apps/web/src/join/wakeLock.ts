/** Keeps the screen, and with it the computer, awake while `isWanted`; does nothing where the browser cannot. */
export function createWakeLock(): (isWanted: boolean) => void {
  const wakeLock = navigator.wakeLock as WakeLock | undefined;
  let isWanted = false;
  let held: WakeLockSentinel | null = null;

  async function update(): Promise<void> {
    if (wakeLock === undefined) return;
    if (!isWanted) {
      await held?.release();
      held = null;
    } else if (document.visibilityState === "visible" && (held === null || held.released)) {
      held = await wakeLock.request("screen");
    }
  }

  // A refusal (low battery, a hidden page) only means that the screen may go dark.
  const tryUpdate = (): void => void update().catch(() => undefined);
  document.addEventListener("visibilitychange", tryUpdate);
  return (wanted) => {
    if (wanted === isWanted) return;
    isWanted = wanted;
    tryUpdate();
  };
}
