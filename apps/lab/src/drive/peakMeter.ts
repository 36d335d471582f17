import { readFile } from "node:fs/promises";
import { writeWhole } from "@tutti/terminal";
import { morePeak, noPeak, type PeakMemory, readPeakMemory } from "./peakMemory.ts";

/** What a run's processes have held at most. */
export interface PeakMeter {
  /** From now on a compute client that joined at this address counts too. */
  watch(url: string): void;
  /** Looks at the processes that are there now. */
  look(): void;
  read(): Promise<PeakMemory>;
}

/** Follows the memory of a run's processes; what an earlier process of a resumed run saw is kept in a file. */
export async function openPeakMeter(path: string, profiles: readonly string[]): Promise<PeakMeter> {
  let peak = await readPeak(path);
  let written: Promise<void> = Promise.resolve();
  let address: string | null = null;
  const look = () => {
    if (address === null) return;
    peak = morePeak(peak, readPeakMemory(profiles, address));
    const text = `${JSON.stringify(peak)}\n`;
    written = written.then(() => writeWhole(path, text));
  };
  return {
    watch(url) {
      address = url;
    },
    look,
    async read() {
      await written;
      return peak;
    },
  };
}

async function readPeak(path: string): Promise<PeakMemory> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return noPeak;
  const { tab, compute } = JSON.parse(text) as Partial<PeakMemory>;
  return { tab: tab ?? null, compute: compute ?? null };
}
