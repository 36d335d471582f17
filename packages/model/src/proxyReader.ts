import { proxyScores } from "@tutti/core";
import type { CausalReader } from "./generation.ts";

/** The three models of proxy-tuning, each with the keys and values of what it has read. */
export interface ProxyReaders {
  readonly large: CausalReader;
  readonly tuned: CausalReader;
  readonly untuned: CausalReader;
}

/**
 * Reads one text with three models in lock-step and scores its next token by s_large + a (s_tuned − s_untuned). All get the same tokens; each
 * keeps its own keys and values. Owns the readers.
 */
export function createProxyReader({ large, tuned, untuned }: ProxyReaders, a: number): CausalReader {
  const all = [large, tuned, untuned];
  return {
    async read(ids) {
      // one after the other: they compute on one backend
      const ofLarge = await large.read(ids);
      const ofTuned = await tuned.read(ids);
      const ofUntuned = await untuned.read(ids);
      return proxyScores({ large: ofLarge, tuned: ofTuned, untuned: ofUntuned }, a);
    },
    room: () => Math.min(...all.map((reader) => reader.room())),
    dispose() {
      for (const reader of all) reader.dispose();
    },
  };
}
