import { each, type HeadVectors, sum } from "./attentionForm.ts";

/** Neighbouring invocations that a software adapter runs as one; they take neighbouring queries or keys and read the same operands. */
export const numLanes = 4;

/** How many queries or keys an invocation holds, and how many of the others it takes at once. */
export interface RegisterTile {
  readonly held: number;
  readonly taken: number;
}

/** Where things lie, in numbers: a row of qkv is (heads, key heads, value heads). */
const places = `
  let numTokens = uniforms.numTokens;
  let numPrefix = uniforms.numPrefix;
  let headGroup = uniforms.numHeads / uniforms.numKeyValueHeads;`;

const widths = (headSize: number): string => `
  let queryWidth = uniforms.numHeads * ${headSize};
  let keyWidth = uniforms.numKeyValueHeads * ${headSize};
  let rowWidth = queryWidth + 2 * keyWidth;`;

/** Queries of all heads that share a key/value head stand in one line, head after head; each invocation holds every fourth of a block. */
function heldQueries({ held }: RegisterTile, { headSize, components }: HeadVectors): string {
  return `
    ${places}
    ${widths(headSize)}
    let keyHead = i32(globalId.y);
    let b = i32(globalId.z);
    let numQueries = headGroup * numTokens;
    let first = i32(workgroupId.x) * ${held * numLanes};
    let length = lengths[b];
    let isCausal = uniforms.isCausal != 0;
    let firstToken = first % numTokens;
    let lastSeen = select(length, min(length, firstToken + ${held * numLanes}), isCausal && firstToken + ${held * numLanes} <= numTokens);
    ${each(
      held,
      (r) => `
    let place${r} = first + ${r * numLanes} + i32(localId.x);
    let query${r} = min(place${r}, numQueries - 1);
    let head${r} = keyHead * headGroup + query${r} / numTokens;
    let token${r} = query${r} % numTokens;
    let row${r} = b * numTokens + token${r};
    let seen${r} = select(length, min(length, token${r} + 1), isCausal);
    let from${r} = (row${r} * rowWidth + head${r} * ${headSize}) / ${components};
    let stat${r} = uniforms.statsStart + (b * uniforms.numHeads + head${r}) * numTokens + token${r};`,
    )}`;
}

/** Runs `body` for every `taken` keys of the prefix, then of the tokens; key j begins at `key<j>`, its value at `value<j>`. */
function overKeys({ taken, held }: RegisterTile, { headSize, components }: HeadVectors, body: string): string {
  const addresses = (row: string, offset: string, between: string) =>
    each(
      taken,
      (j) => `
      let key${j} = (${row.replaceAll("J", `${j}`)} + ${offset} + keyHead * ${headSize}) / ${components};
      let value${j} = key${j} + (${between}) / ${components};`,
    );
  const visible = (limit: (r: number) => string) => each(held, (r) => each(taken, (j) => `let isSeen${r}_${j} = j + ${j} < ${limit(r)};`));
  return `
    for (var j = 0; j < numPrefix; j += ${taken}) {
      ${addresses("min(j + J, numPrefix - 1) * keyWidth", "0", "numPrefix * keyWidth")}
      ${visible(() => "numPrefix")}
      ${body.replaceAll("KEYS", "prefix")}
    }
    for (var j = 0; j < lastSeen; j += ${taken}) {
      ${addresses("(b * numTokens + min(j + J, numTokens - 1)) * rowWidth", "queryWidth", "keyWidth")}
      ${visible((r) => `seen${r}`)}
      ${body.replaceAll("KEYS", "qkv")}
    }`;
}

/** Attention: the result, then the log-sum-exp of each (b, head, t) where it has a tail. */
export function attendSource(vectors: HeadVectors, tile: RegisterTile, hasTail: boolean): string {
  const { headSize, numFours, load, store } = vectors;
  const { held, taken } = tile;
  const largest = (terms: string[]): string => terms.reduce((a, b) => `max(${a}, ${b})`);
  const body = `
      ${each(held, (r) => each(taken, (j) => `var s${r}_${j} = 0.0;`))}
      ${each(
        numFours,
        (i) => `
      ${each(taken, (j) => `let k${i}_${j} = ${load("KEYS", `key${j}`, i)};`)}
      ${each(held, (r) => each(taken, (j) => `s${r}_${j} += dot(q${r}_${i}, k${i}_${j});`))}`,
      )}
      ${each(
        held,
        (r) => `
      ${each(taken, (j) => `let t${r}_${j} = select(-3.0e38, s${r}_${j}, isSeen${r}_${j});`)}
      let high${r} = ${largest([`m${r}`, ...Array.from({ length: taken }, (_, j) => `t${r}_${j}`)])};
      let fade${r} = exp(m${r} - high${r});
      ${each(taken, (j) => `let p${r}_${j} = exp(t${r}_${j} - high${r});`)}
      m${r} = high${r};
      l${r} = l${r} * fade${r} + ${sum(taken, (j) => `p${r}_${j}`)};`,
      )}
      ${each(
        numFours,
        (i) => `
      ${each(taken, (j) => `let v${i}_${j} = ${load("KEYS", `value${j}`, i)};`)}
      ${each(held, (r) => `y${r}_${i} = y${r}_${i} * fade${r} + ${sum(taken, (j) => `p${r}_${j} * v${i}_${j}`)};`)}`,
      )}`;
  return `
    fn main() {
      ${heldQueries(tile, vectors)}
      ${each(
        held,
        (r) => `
      ${each(numFours, (i) => `let q${r}_${i} = ${load("qkv", `from${r}`, i)}; var y${r}_${i} = vec4<f32>(0.0);`)}
      var m${r} = -3.0e38;
      var l${r} = 0.0;`,
      )}
      ${overKeys(tile, vectors, body)}
      ${each(
        held,
        (r) => `
      if (place${r} < numQueries) {
        let share${r} = select(0.0, 1.0 / l${r}, l${r} > 0.0);
        let to${r} = row${r} * queryWidth + head${r} * ${headSize};
        ${each(numFours, (i) => `let z${r}_${i} = y${r}_${i} * share${r}; ${store(`to${r}`, i, `z${r}_${i}`)}`)}
        ${hasTail ? `result[stat${r}] = m${r} + log(l${r});` : ""}
      }`,
      )}
    }`;
}

/** dq (rows, heads · headSize), then the inner product of dy and y of each (b, head, t); without `hasQueries` only these. */
export function queryGradientSource(vectors: HeadVectors, tile: RegisterTile, hasQueries: boolean): string {
  const { headSize, numFours, components, load, loadSingles, store } = vectors;
  const { held, taken } = tile;
  const body = `
      ${each(held, (r) => each(taken, (j) => `var s${r}_${j} = 0.0; var e${r}_${j} = 0.0;`))}
      ${each(
        numFours,
        (i) => `
      ${each(taken, (j) => `let k${i}_${j} = ${load("KEYS", `key${j}`, i)}; let v${i}_${j} = ${load("KEYS", `value${j}`, i)};`)}
      ${each(held, (r) =>
        each(taken, (j) => `s${r}_${j} += dot(q${r}_${i}, k${i}_${j}); e${r}_${j} += dot(d${r}_${i}, v${i}_${j});`),
      )}`,
      )}
      ${each(held, (r) =>
        each(taken, (j) => `let g${r}_${j} = select(0.0, exp(s${r}_${j} - lse${r}) * (e${r}_${j} - inner${r}), isSeen${r}_${j});`),
      )}
      ${each(numFours, (i) => each(held, (r) => `dq${r}_${i} += ${sum(taken, (j) => `g${r}_${j} * k${i}_${j}`)};`))}`;
  const start = (r: number) => `
      let at${r} = row${r} * queryWidth + head${r} * ${headSize};
      let dyAt${r} = at${r} / ${components};
      ${each(numFours, (i) => `let d${r}_${i} = ${load("dy", `dyAt${r}`, i)};`)}
      let inner${r} = ${sum(numFours, (i) => `dot(d${r}_${i}, ${loadSingles("attended", `at${r}`, i)})`)};`;
  const startQueries = (r: number) => `
      let lse${r} = attended[uniforms.batch * numTokens * queryWidth + stat${r} - uniforms.statsStart];
      ${each(numFours, (i) => `let q${r}_${i} = ${load("qkv", `from${r}`, i)}; var dq${r}_${i} = vec4<f32>(0.0);`)}`;
  return `
    fn main() {
      ${heldQueries(tile, vectors)}
      ${each(held, (r) => start(r) + (hasQueries ? startQueries(r) : ""))}
      ${hasQueries ? overKeys(tile, vectors, body) : ""}
      ${each(
        held,
        (r) => `
      if (place${r} < numQueries) {
        ${hasQueries ? each(numFours, (i) => store(`at${r}`, i, `dq${r}_${i}`)) : ""}
        result[stat${r}] = inner${r};
      }`,
      )}
    }`;
}

/** Accumulates dk and dv of the keys held, of every `taken` queries from `tStart` of head `head` and example `b` on. */
function overQueries({ held, taken }: RegisterTile, { headSize, numFours, components, load }: HeadVectors, isSeen: string): string {
  return `
    for (var t = tStart; t < numTokens; t += ${taken}) {
      ${each(
        taken,
        (j) => `
      let row${j} = b * numTokens + min(t + ${j}, numTokens - 1);
      let from${j} = (row${j} * rowWidth + head * ${headSize}) / ${components};
      let dyAt${j} = (row${j} * queryWidth + head * ${headSize}) / ${components};
      let stat${j} = (b * uniforms.numHeads + head) * numTokens + min(t + ${j}, numTokens - 1);
      let lse${j} = attended[uniforms.batch * numTokens * queryWidth + stat${j}];
      let inner${j} = inners[uniforms.statsStart + stat${j}];
      let seen${j} = ${isSeen.replaceAll("J", `${j}`)};`,
      )}
      ${each(held, (r) => each(taken, (j) => `var s${r}_${j} = 0.0; var e${r}_${j} = 0.0;`))}
      ${each(
        numFours,
        (i) => `
      ${each(taken, (j) => `let q${i}_${j} = ${load("qkv", `from${j}`, i)}; let d${i}_${j} = ${load("dy", `dyAt${j}`, i)};`)}
      ${each(held, (r) =>
        each(taken, (j) => `s${r}_${j} += dot(k${r}_${i}, q${i}_${j}); e${r}_${j} += dot(v${r}_${i}, d${i}_${j});`),
      )}`,
      )}
      ${each(held, (r) =>
        each(
          taken,
          (j) => `
      let p${r}_${j} = select(0.0, exp(s${r}_${j} - lse${j}), t + ${j} < numTokens && key${r} < seen${j});
      let g${r}_${j} = p${r}_${j} * (e${r}_${j} - inner${j});`,
        ),
      )}
      ${each(numFours, (i) =>
        each(
          held,
          (r) => `
      dk${r}_${i} += ${sum(taken, (j) => `g${r}_${j} * q${i}_${j}`)};
      dv${r}_${i} += ${sum(taken, (j) => `p${r}_${j} * d${i}_${j}`)};`,
        ),
      )}
    }`;
}

/** Keys and values held, from `keyAt` and `valueAt` of a buffer, and their gradients. */
const heldKeys = (held: number, { numFours, load }: HeadVectors, buffer: string): string =>
  each(held, (r) =>
    each(
      numFours,
      (i) => `
      let k${r}_${i} = ${load(buffer, `keyAt${r}`, i)}; var dk${r}_${i} = vec4<f32>(0.0);
      let v${r}_${i} = ${load(buffer, `valueAt${r}`, i)}; var dv${r}_${i} = vec4<f32>(0.0);`,
    ),
  );

/** dQkv (rows, rowWidth): keys and values by the keys that an invocation holds; the queries' part is copied from `inners`, which begins with it. */
export function keyGradientSource(vectors: HeadVectors, tile: RegisterTile): string {
  const { headSize, numFours, components, loadSingles, store } = vectors;
  const { held } = tile;
  return `
    fn main() {
      ${places}
      ${widths(headSize)}
      let keyHead = i32(globalId.y);
      let b = i32(globalId.z);
      let first = i32(workgroupId.x) * ${held * numLanes};
      let length = lengths[b];
      let isCausal = uniforms.isCausal != 0;
      ${each(
        held,
        (r) => `
      let key${r} = first + ${r * numLanes} + i32(localId.x);
      let keyRow${r} = b * numTokens + min(key${r}, numTokens - 1);
      let at${r} = keyRow${r} * rowWidth + queryWidth + keyHead * ${headSize};
      let keyAt${r} = at${r} / ${components};
      let valueAt${r} = (at${r} + keyWidth) / ${components};`,
      )}
      ${heldKeys(held, vectors, "qkv")}
      let tStart = select(select(0, first, isCausal), numTokens, first >= length);
      for (var g = 0; g < headGroup; g++) {
        let head = keyHead * headGroup + g;
        ${overQueries(tile, vectors, "select(length, min(length, t + J + 1), isCausal)")}
      }
      ${each(
        held,
        (r) => `
      if (key${r} < numTokens) {
        ${each(numFours, (i) => `${store(`at${r}`, i, `dk${r}_${i}`)} ${store(`at${r} + keyWidth`, i, `dv${r}_${i}`)}`)}
      }`,
      )}
      for (var g = 0; g < headGroup; g++) {
        let head = keyHead * headGroup + g;
        ${each(
          held,
          (r) => `
        let from${r} = keyRow${r} * queryWidth + head * ${headSize};
        let to${r} = keyRow${r} * rowWidth + head * ${headSize};
        ${each(numFours, (i) => `let dq${r}_${i} = ${loadSingles("inners", `from${r}`, i)}; ${store(`to${r}`, i, `dq${r}_${i}`)}`)}`,
        )}
      }
    }`;
}

/** dPrefix (2, P, keyWidth): each invocation sums over the batch for the keys of the prefix that it holds. */
export function prefixGradientSource(vectors: HeadVectors, tile: RegisterTile): string {
  const { headSize, numFours, components, store } = vectors;
  const { held } = tile;
  return `
    fn main() {
      ${places}
      ${widths(headSize)}
      let keyHead = i32(globalId.y);
      ${each(
        held,
        (r) => `
      let key${r} = i32(workgroupId.x) * ${held * numLanes} + ${r * numLanes} + i32(localId.x);
      let at${r} = min(key${r}, numPrefix - 1) * keyWidth + keyHead * ${headSize};
      let keyAt${r} = at${r} / ${components};
      let valueAt${r} = (at${r} + numPrefix * keyWidth) / ${components};`,
      )}
      ${heldKeys(held, vectors, "prefix")}
      let tStart = 0;
      for (var b = 0; b < uniforms.batch; b++) {
        for (var g = 0; g < headGroup; g++) {
          let head = keyHead * headGroup + g;
          ${overQueries(tile, vectors, "numPrefix")}
        }
      }
      ${each(
        held,
        (r) => `
      if (key${r} < numPrefix) {
        ${each(numFours, (i) => `${store(`at${r}`, i, `dk${r}_${i}`)} ${store(`at${r} + numPrefix * keyWidth`, i, `dv${r}_${i}`)}`)}
      }`,
      )}
    }`;
}
