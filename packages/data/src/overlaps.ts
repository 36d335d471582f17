/** A training part that shares text with a test part, as `sharedText` counts it. */
export interface Overlap {
  readonly train: string;
  readonly test: string;
  readonly numShared: number;
  readonly numTest: number;
}

/**
 * The pairs of built-in tasks that share text, counted on the splits of FedPepTAO's public code (llm-eff/FedPepTAO 84311d5) by letters and
 * digits. SST-2, MR and Subj draw on the same film reviews: word for word, 614 of MR's test rows stand in SST-2's training part. A pair of
 * the same name is a set whose own parts overlap (of pair tasks: that share one of the two texts).
 */
export const knownOverlaps: readonly Overlap[] = [
  { train: "sst2", test: "sst2", numShared: 6, numTest: 1821 },
  { train: "sst2", test: "mr", numShared: 1086, numTest: 2000 },
  { train: "sst2", test: "subj", numShared: 397, numTest: 2000 },
  { train: "sst2", test: "mpqa", numShared: 201, numTest: 2000 },
  { train: "mr", test: "sst2", numShared: 1031, numTest: 1821 },
  { train: "mr", test: "mr", numShared: 1, numTest: 2000 },
  { train: "mr", test: "subj", numShared: 563, numTest: 2000 },
  { train: "mr", test: "mpqa", numShared: 1, numTest: 2000 },
  { train: "subj", test: "sst2", numShared: 392, numTest: 1821 },
  { train: "subj", test: "mr", numShared: 527, numTest: 2000 },
  { train: "trec", test: "trec", numShared: 10, numTest: 500 },
  { train: "trec", test: "qnli", numShared: 1, numTest: 5463 },
  { train: "mpqa", test: "sst2", numShared: 2, numTest: 1821 },
  { train: "mpqa", test: "mpqa", numShared: 570, numTest: 2000 },
  { train: "cola", test: "cola", numShared: 19, numTest: 1043 },
  { train: "mrpc", test: "mrpc", numShared: 43, numTest: 408 },
  { train: "rte", test: "rte", numShared: 105, numTest: 277 },
  { train: "boolq", test: "boolq", numShared: 348, numTest: 3270 },
];

/** Refuses to train something on one task that is then tested on another one with the same texts, or on the same set. */
export function refuseOverlap(sourceTask: string, targetTask: string): void {
  const folder = (name: string) => name.split("/", 1)[0];
  if (folder(sourceTask) === folder(targetTask))
    throw new Error(`${sourceTask} cannot be a source for ${targetTask}: both belong to the same data set`);
  const overlap = knownOverlaps.find(({ train, test }) => train === sourceTask && test === targetTask);
  if (overlap === undefined) return;
  const { numShared, numTest } = overlap;
  const plural = numShared === 1 ? "text is also" : "texts are also";
  throw new Error(
    `${sourceTask} cannot be a source for ${targetTask}: ${numShared} of ${targetTask}'s ${numTest} test ${plural} in ${sourceTask}'s training part`,
  );
}
