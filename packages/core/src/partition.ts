import type { Random, RandomStream } from "./random.ts";
import type { PartitionSettings } from "./settings/runConditions.ts";
import { apportion, dirichletSizes, evenSizes, takeSizes } from "./shareSizes.ts";
import { formatCount } from "./units.ts";

/** A split as the dealer sees it; row i has class `labels[i]` and belongs to `owners[i]`. */
export interface PartitionInput {
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly owners?: readonly string[];
}

/** Row numbers of one device. */
export interface DeviceShare {
  /** Of the training split. */
  readonly train: number[];
  /** Of the test split, dealt like the training rows; may be empty. */
  readonly personalised: number[];
  /** Of the test split, dealt evenly and at random. */
  readonly globalTest: number[];
  /** Of the validation split, dealt evenly and at random. */
  readonly globalValidation: number[];
}

/** Which examples each share holds. */
export interface DealtShares {
  readonly shares: DeviceShare[];
  /** What the dealer had to do against the settings. */
  readonly notes: string[];
}

/** Rows by device. */
type Dealt = number[][];

/** Concentration of the device sizes under `dirichletLabel`. */
const SIZE_CONCENTRATION = 5;
const MAX_CLASS_REDRAWS = 1000;

/** How examples are dealt to shares. */
export interface DealSettings {
  readonly train: PartitionInput;
  readonly test: PartitionInput;
  /** Rows of the validation split. */
  readonly numValidation: number;
  /** N. */
  readonly numDevices: number;
  readonly partition: PartitionSettings;
  readonly random: Random;
}

/**
 * Deals three splits over devices (fedpeptao.md §2, §6), the same on every machine for the same seed.
 * Every row goes to exactly one device, and every device gets at least one training row; throws when there are too few.
 */
export function dealShares(settings: DealSettings): DealtShares {
  const { train, test, numValidation, numDevices, random } = settings;
  if (!Number.isInteger(numDevices) || numDevices < 1) throw new Error(`partition: needs at least one device, received ${numDevices}`);
  const numTrain = train.labels.length;
  if (numTrain < numDevices) {
    throw new Error(`partition: ${numDevices} devices cannot share ${numTrain} training examples; set numDevices to ${numTrain} or less`);
  }
  requireLabels(train, "training");
  requireLabels(test, "test");
  const dealt = dealBoth(settings);
  const globalTest = dealEvenly(test.labels.length, numDevices, random.stream({ purpose: "partition global test" }));
  const globalValidation = dealEvenly(numValidation, numDevices, random.stream({ purpose: "partition global validation" }));
  const shares = dealt.train.map((rows, device) => ({
    train: rows,
    personalised: dealt.personalised[device],
    globalTest: globalTest[device],
    globalValidation: globalValidation[device],
  }));
  return { shares, notes: dealt.notes };
}

interface BothDealt {
  readonly train: Dealt;
  readonly personalised: Dealt;
  readonly notes: string[];
}

function dealBoth(settings: DealSettings): BothDealt {
  const { train, test, numDevices, partition, random } = settings;
  const trainStream = random.stream({ purpose: "partition train" });
  const testStream = random.stream({ purpose: "partition personalised" });
  switch (partition.kind) {
    case "iid": {
      const personalised = dealEvenly(test.labels.length, numDevices, testStream);
      return { train: dealEvenly(train.labels.length, numDevices, trainStream), personalised, notes: [] };
    }
    case "dirichletQuantity": {
      const { sizes, testSizes, notes } = drawSizes(settings, partition.dirichletAlpha);
      return { train: dealRows(sizes, trainStream), personalised: dealRows(testSizes, testStream), notes };
    }
    case "dirichletLabel": {
      const { sizes, testSizes, notes } = drawSizes(settings, SIZE_CONCENTRATION);
      const priorStream = random.stream({ purpose: "partition class priors" });
      const concentrations = Array.from({ length: train.numClasses }, () => partition.dirichletAlpha);
      const priors = sizes.map(() => priorStream.dirichlet(concentrations));
      const personalised = dealByClass(test, testSizes, priors, testStream);
      return { train: dealByClass(train, sizes, priors, trainStream), personalised, notes };
    }
    case "byField":
      return dealByOwner(train, test, numDevices, trainStream);
  }
}

/** Sizes of the training shares, and of the personalised ones from the same q. */
function drawSizes({ train, test, numDevices, random }: DealSettings, concentration: number) {
  const stream = random.stream({ purpose: "partition sizes" });
  const { sizes, fractions, note } = dirichletSizes({ concentration, numRows: train.labels.length, numDevices, stream });
  return { sizes, testSizes: apportion(fractions, test.labels.length), notes: note === null ? [] : [note] };
}

/** Rows 0 … n−1 in random order, sizes that differ by at most one. */
function dealEvenly(numRows: number, numDevices: number, stream: RandomStream): Dealt {
  return dealRows(evenSizes(numRows, numDevices), stream);
}

function dealRows(sizes: readonly number[], stream: RandomStream): Dealt {
  const numRows = sizes.reduce((a, b) => a + b, 0);
  return takeSizes(stream.shuffle(Array.from({ length: numRows }, (_, row) => row)), sizes);
}

/** What shares are dealt from for a lesson. */
export interface SkewSettings {
  readonly train: PartitionInput;
  /** n_i of each share; together all rows. */
  readonly sizes: readonly number[];
  /** The smaller, the fewer classes a share holds. */
  readonly dirichletAlpha: number;
  readonly random: Random;
}

/**
 * The training rows dealt again into shares of the sizes that they have, by label as step 3 of fedpeptao.md §2 deals them: so each device counts as much
 * and takes as many steps as before.
 */
export function dealSkewed({ train, sizes, dirichletAlpha, random }: SkewSettings): number[][] {
  requireLabels(train, "training");
  const priorStream = random.stream({ purpose: "skew class priors" });
  const concentrations = Array.from({ length: train.numClasses }, () => dirichletAlpha);
  const priors = sizes.map(() => priorStream.dirichlet(concentrations));
  return dealByClass(train, sizes, priors, random.stream({ purpose: "skew rows" }));
}

/** Step 3: a random device that still needs examples takes the next example of a class drawn from its prior. */
function dealByClass(split: PartitionInput, sizes: readonly number[], priors: readonly (readonly number[])[], stream: RandomStream): Dealt {
  const left = rowsByClass(split, stream);
  const dealt: Dealt = sizes.map(() => []);
  const needy = sizes.flatMap((size, device) => (size > 0 ? [device] : []));
  while (needy.length > 0) {
    const position = stream.integer(needy.length);
    const device = needy[position];
    const row = left[drawClass(priors[device], left, stream)].pop();
    if (row === undefined) throw new Error("partition: a class ran out while it was dealt");
    dealt[device].push(row);
    if (dealt[device].length === sizes[device]) needy.splice(position, 1);
  }
  return dealt;
}

/** A class with rows left: drawn from the prior, after 1,000 draws of empty classes uniformly from the others. */
function drawClass(prior: readonly number[], left: Dealt, stream: RandomStream): number {
  for (let redraws = 0; redraws <= MAX_CLASS_REDRAWS; redraws++) {
    let remaining = stream.uniform();
    let drawn = 0;
    while (drawn < prior.length - 1 && remaining >= prior[drawn]) remaining -= prior[drawn++];
    if (left[drawn].length > 0) return drawn;
  }
  const open = left.flatMap((rows, label) => (rows.length > 0 ? [label] : []));
  return open[stream.integer(open.length)];
}

function rowsByClass({ labels, numClasses }: PartitionInput, stream: RandomStream): Dealt {
  const rows: Dealt = Array.from({ length: numClasses }, () => []);
  for (const [row, label] of labels.entries()) rows[label].push(row);
  return rows.map((ofClass) => stream.shuffle(ofClass));
}

/** Owners in random order, each to the device that has the fewest training rows so far; owners' test rows follow them. */
function dealByOwner(train: PartitionInput, test: PartitionInput, numDevices: number, stream: RandomStream): BothDealt {
  const trainRows = rowsByOwner(train, "training");
  const testRows = rowsByOwner(test, "test");
  if (trainRows.size < numDevices) {
    throw new Error(
      `partition: the training rows have ${trainRows.size} owners for ${numDevices} devices; set numDevices to ${trainRows.size} or less`,
    );
  }
  const dealt: BothDealt = { train: emptyShares(numDevices), personalised: emptyShares(numDevices), notes: [] };
  for (const owner of stream.shuffle([...trainRows.keys()].sort())) {
    const device = smallest(dealt.train);
    dealt.train[device].push(...(trainRows.get(owner) ?? []));
    dealt.personalised[device].push(...(testRows.get(owner) ?? []));
  }
  const testOnly = [...testRows.keys()].filter((owner) => !trainRows.has(owner));
  for (const owner of stream.shuffle(testOnly.sort()))
    dealt.personalised[smallest(dealt.personalised)].push(...(testRows.get(owner) ?? []));
  if (testOnly.length > 0)
    dealt.notes.push(
      `${formatCount(testOnly.length, "owner has", "owners have")} only test rows: each went to the device with the fewest test rows`,
    );
  return dealt;
}

function emptyShares(numDevices: number): Dealt {
  return Array.from({ length: numDevices }, () => []);
}

function smallest(dealt: Dealt): number {
  return dealt.reduce((best, rows, device) => (rows.length < dealt[best].length ? device : best), 0);
}

function rowsByOwner({ labels, owners }: PartitionInput, splitName: string): Map<string, number[]> {
  if (owners?.length !== labels.length) {
    throw new Error(
      `partition: byField needs the owner of each of the ${labels.length} ${splitName} rows, received ${owners?.length ?? 0}`,
    );
  }
  const rows = new Map<string, number[]>();
  for (const [row, owner] of owners.entries()) {
    const ofOwner = rows.get(owner);
    if (ofOwner === undefined) rows.set(owner, [row]);
    else ofOwner.push(row);
  }
  return rows;
}

function requireLabels({ labels, numClasses }: PartitionInput, splitName: string): void {
  const row = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= numClasses);
  if (row >= 0) throw new Error(`partition: ${splitName} row ${row} has label ${labels[row]}, expected 0 to ${numClasses - 1}`);
}
