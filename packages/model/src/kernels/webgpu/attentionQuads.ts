import { each, range, sum } from "./attentionForm.ts";

/**
 * Programs without barriers for software adapters, where four neighbouring invocations (a quad) run as one vector instruction: each quad holds a few
 * queries or keys and shares the dimensions of the head, every fourth to each lane, so that every read is of four neighbours. Scores of
 * four keys (or queries) are summed across the quad so that each lane ends with one of them.
 */
export const quadSize = 4;

/** Queries that a quad holds. */
export const heldQueries = (headSize: number): number => (headSize <= 64 ? 4 : 2);

/** Keys that a quad holds. */
export const heldKeys = quadSize;

const numSteps = (headSize: number): number => Math.ceil(headSize / quadSize);

/** Dimension 4i + lane of the vector that begins at `at` of a buffer, zero beyond the head. */
function load(headSize: number, buffer: string, at: string, i: number): string {
  const isWhole = quadSize * (i + 1) <= headSize;
  const value = `${buffer}[${at} + ${quadSize * i} + lane]`;
  return isWhole ? value : `select(0.0, ${value}, ${quadSize * i} + lane < ${headSize})`;
}

function store(headSize: number, at: string, i: number, value: string): string {
  const isWhole = quadSize * (i + 1) <= headSize;
  const write = `result[${at} + ${quadSize * i} + lane] = ${value};`;
  return isWhole ? write : `if (${quadSize * i} + lane < ${headSize}) { ${write} }`;
}

const acrossQuad = `
    enable subgroups;
    @diagnostic(off, subgroup_uniformity)
    fn quadSum(value : f32) -> f32 { let pair = value + quadSwapX(value); return pair + quadSwapY(pair); }
    @diagnostic(off, subgroup_uniformity)
    fn quadMax(value : f32) -> f32 { let pair = max(value, quadSwapX(value)); return max(pair, quadSwapY(pair)); }
    // lane j gets the sum of the j-th number over the quad
    @diagnostic(off, subgroup_uniformity)
    fn quadSums(a : f32, b : f32, c : f32, d : f32, isOdd : bool, isUpper : bool) -> f32 {
      let ab = select(a, b, isOdd) + quadSwapX(select(b, a, isOdd));
      let cd = select(c, d, isOdd) + quadSwapX(select(d, c, isOdd));
      return select(ab, cd, isUpper) + quadSwapY(select(cd, ab, isUpper));
    }
    @diagnostic(off, subgroup_uniformity)`;

/** Where things lie, in numbers: a row of qkv is (heads, key heads, value heads). */
const places = (headSize: number): string => `
      let lane = i32(localId.x);
      let isOdd = (lane & 1) != 0;
      let isUpper = (lane & 2) != 0;
      let numTokens = uniforms.numTokens;
      let numPrefix = uniforms.numPrefix;
      let headGroup = uniforms.numHeads / uniforms.numKeyValueHeads;
      let queryWidth = uniforms.numHeads * ${headSize};
      let keyWidth = uniforms.numKeyValueHeads * ${headSize};
      let rowWidth = queryWidth + 2 * keyWidth;
      let keyHead = i32(globalId.y);`;

/** Queries of all heads that share a key/value head stand in one line, head after head; each quad holds some neighbours. */
function queryPlaces(headSize: number, held: number): string {
  return `
      ${places(headSize)}
      let b = i32(globalId.z);
      let numQueries = headGroup * numTokens;
      let first = i32(workgroupId.x) * ${held};
      let length = lengths[b];
      let isCausal = uniforms.isCausal != 0;
      let afterToken = first % numTokens + ${held};
      let lastSeen = select(length, min(length, afterToken), isCausal && afterToken <= numTokens);
      ${each(
        held,
        (r) => `
      let place${r} = first + ${r};
      let query${r} = min(place${r}, numQueries - 1);
      let head${r} = keyHead * headGroup + query${r} / numTokens;
      let token${r} = query${r} % numTokens;
      let row${r} = b * numTokens + token${r};
      let seen${r} = select(length, min(length, token${r} + 1), isCausal);
      let from${r} = row${r} * rowWidth + head${r} * ${headSize};
      let stat${r} = (b * uniforms.numHeads + head${r}) * numTokens + token${r};`,
      )}`;
}

/** Runs `body(buffer, limits)` for every four keys of the prefix, then of the tokens; key j begins at `key<j>`, its value at `value<j>`. */
function overKeys(headSize: number, body: (buffer: string, limit: (r: number) => string) => string): string {
  return `
      for (var j = 0; j < numPrefix; j += ${quadSize}) {
        ${each(
          quadSize,
          (j) => `
        let key${j} = min(j + ${j}, numPrefix - 1) * keyWidth + keyHead * ${headSize};
        let value${j} = key${j} + numPrefix * keyWidth;`,
        )}
        ${body("prefix", () => "numPrefix")}
      }
      for (var j = 0; j < lastSeen; j += ${quadSize}) {
        ${each(
          quadSize,
          (j) => `
        let key${j} = (b * numTokens + min(j + ${j}, numTokens - 1)) * rowWidth + queryWidth + keyHead * ${headSize};
        let value${j} = key${j} + keyWidth;`,
        )}
        ${body("qkv", (r) => `seen${r}`)}
      }`;
}

const broadcast = (name: string): string => each(quadSize, (j) => `let ${name}_${j} = quadBroadcast(${name}, ${j}u);`);

const sumsOf = (name: string): string => `quadSums(${range(quadSize, (j) => `${name}_${j}`).join(", ")}, isOdd, isUpper)`;

/** Attention: the result, then the log-sum-exp of each (b, head, t) where it has a tail. */
export function attendSource(headSize: number, hasTail: boolean, held = heldQueries(headSize)): string {
  const steps = numSteps(headSize);
  const body = (buffer: string, limit: (r: number) => string) => `
        ${each(held, (r) => each(quadSize, (j) => `var s${r}_${j} = 0.0;`))}
        ${each(
          steps,
          (i) => `
        ${each(quadSize, (j) => `let k${i}_${j} = ${load(headSize, buffer, `key${j}`, i)};`)}
        ${each(held, (r) => each(quadSize, (j) => `s${r}_${j} += q${r}_${i} * k${i}_${j};`))}`,
        )}
        ${each(
          held,
          (r) => `
        let t${r} = select(-3.0e38, ${sumsOf(`s${r}`)}, j + lane < ${limit(r)});
        let high${r} = max(m${r}, quadMax(t${r}));
        let fade${r} = exp(m${r} - high${r});
        let p${r} = exp(t${r} - high${r});
        m${r} = high${r};
        l${r} = l${r} * fade${r} + p${r};
        ${broadcast(`p${r}`)}`,
        )}
        ${each(
          steps,
          (i) => `
        ${each(quadSize, (j) => `let v${i}_${j} = ${load(headSize, buffer, `value${j}`, i)};`)}
        ${each(held, (r) => `y${r}_${i} = y${r}_${i} * fade${r} + (${sum(quadSize, (j) => `p${r}_${j} * v${i}_${j}`)});`)}`,
        )}`;
  return `
    ${acrossQuad}
    fn main() {
      ${queryPlaces(headSize, held)}
      ${each(
        held,
        (r) => `
      ${each(steps, (i) => `let q${r}_${i} = ${load(headSize, "qkv", `from${r}`, i)}; var y${r}_${i} = 0.0;`)}
      var m${r} = -3.0e38;
      var l${r} = 0.0;`,
      )}
      ${overKeys(headSize, body)}
      ${each(
        held,
        (r) => `
      let total${r} = quadSum(l${r});
      let share${r} = select(0.0, 1.0 / total${r}, total${r} > 0.0);
      if (place${r} < numQueries) {
        let to${r} = row${r} * queryWidth + head${r} * ${headSize};
        ${each(steps, (i) => store(headSize, `to${r}`, i, `y${r}_${i} * share${r}`))}
        ${hasTail ? `if (lane == 0) { result[uniforms.statsStart + stat${r}] = m${r} + log(total${r}); }` : ""}
      }`,
      )}
    }`;
}

/** dq (rows, heads · headSize), then the inner product of dy and y of each (b, head, t); without `hasQueries` only these. */
export function queryGradientSource(headSize: number, hasQueries: boolean, held = heldQueries(headSize)): string {
  const steps = numSteps(headSize);
  const body = (buffer: string, limit: (r: number) => string) => `
        ${each(held, (r) => each(quadSize, (j) => `var s${r}_${j} = 0.0; var e${r}_${j} = 0.0;`))}
        ${each(
          steps,
          (i) => `
        ${each(quadSize, (j) => `let k${i}_${j} = ${load(headSize, buffer, `key${j}`, i)};`)}
        ${each(quadSize, (j) => `let v${i}_${j} = ${load(headSize, buffer, `value${j}`, i)};`)}
        ${each(held, (r) => each(quadSize, (j) => `s${r}_${j} += q${r}_${i} * k${i}_${j}; e${r}_${j} += d${r}_${i} * v${i}_${j};`))}`,
        )}
        ${each(
          held,
          (r) => `
        let p${r} = select(0.0, exp(${sumsOf(`s${r}`)} - lse${r}), j + lane < ${limit(r)});
        let g${r} = p${r} * (${sumsOf(`e${r}`)} - inner${r});
        ${broadcast(`g${r}`)}`,
        )}
        ${each(steps, (i) => each(held, (r) => `dq${r}_${i} += ${sum(quadSize, (j) => `g${r}_${j} * k${i}_${j}`)};`))}`;
  return `
    ${acrossQuad}
    fn main() {
      ${queryPlaces(headSize, held)}
      ${each(
        held,
        (r) => `
      let at${r} = row${r} * queryWidth + head${r} * ${headSize};
      ${each(steps, (i) => `let d${r}_${i} = ${load(headSize, "dy", `at${r}`, i)};`)}
      let inner${r} = quadSum(${sum(steps, (i) => `d${r}_${i} * ${load(headSize, "attended", `at${r}`, i)}`)});`,
      )}
      ${
        hasQueries
          ? each(
              held,
              (r) => `
      let lse${r} = attended[uniforms.batch * numTokens * queryWidth + stat${r}];
      ${each(steps, (i) => `let q${r}_${i} = ${load(headSize, "qkv", `from${r}`, i)}; var dq${r}_${i} = 0.0;`)}`,
            )
          : ""
      }
      ${hasQueries ? overKeys(headSize, body) : ""}
      ${each(
        held,
        (r) => `
      if (place${r} < numQueries) {
        ${hasQueries ? each(steps, (i) => store(headSize, `at${r}`, i, `dq${r}_${i}`)) : ""}
        if (lane == 0) { result[uniforms.statsStart + stat${r}] = inner${r}; }
      }`,
      )}
    }`;
}

/** Keys and values held, from `at<r>` of a buffer, and their gradients. */
function startKeys(headSize: number, buffer: string, between: string): string {
  return each(heldKeys, (r) =>
    each(
      numSteps(headSize),
      (i) => `
      let k${r}_${i} = ${load(headSize, buffer, `at${r}`, i)}; var dk${r}_${i} = 0.0;
      let v${r}_${i} = ${load(headSize, buffer, `at${r} + ${between}`, i)}; var dv${r}_${i} = 0.0;`,
    ),
  );
}

/** Adds to dk and dv of the four keys held, of every query from `tStart` on of head `head` and example `b`, that of token t where `isSeen`. */
function overQueries(headSize: number, isSeen: string): string {
  const steps = numSteps(headSize);
  return `
        for (var t = tStart; t < numTokens; t++) {
          let row = b * numTokens + t;
          let queryAt = row * rowWidth + head * ${headSize};
          let dyAt = row * queryWidth + head * ${headSize};
          let stat = (b * uniforms.numHeads + head) * numTokens + t;
          let lse = attended[uniforms.batch * numTokens * queryWidth + stat];
          let inner = inners[uniforms.statsStart + stat];
          ${each(heldKeys, (r) => `var s_${r} = 0.0; var e_${r} = 0.0;`)}
          ${each(
            steps,
            (i) => `
          let q${i} = ${load(headSize, "qkv", "queryAt", i)};
          let d${i} = ${load(headSize, "dy", "dyAt", i)};
          ${each(heldKeys, (r) => `s_${r} += k${r}_${i} * q${i}; e_${r} += v${r}_${i} * d${i};`)}`,
          )}
          let p = select(0.0, exp(${sumsOf("s")} - lse), ${isSeen});
          let g = p * (${sumsOf("e")} - inner);
          ${broadcast("p")}
          ${broadcast("g")}
          ${each(steps, (i) => each(heldKeys, (r) => `dk${r}_${i} += g_${r} * q${i}; dv${r}_${i} += p_${r} * d${i};`))}
        }`;
}

function writeKeys(headSize: number, limit: string, between: string): string {
  const steps = numSteps(headSize);
  return each(
    heldKeys,
    (r) => `
      if (first + ${r} < ${limit}) {
        ${each(steps, (i) => `${store(headSize, `at${r}`, i, `dk${r}_${i}`)} ${store(headSize, `at${r} + ${between}`, i, `dv${r}_${i}`)}`)}
      }`,
  );
}

/** dQkv (rows, rowWidth): keys and values by the keys that a quad holds; the queries' part is copied from `inners`, which begins with it. */
export function keyGradientSource(headSize: number): string {
  const steps = numSteps(headSize);
  return `
    ${acrossQuad}
    fn main() {
      ${places(headSize)}
      let b = i32(globalId.z);
      let first = i32(workgroupId.x) * ${heldKeys};
      let length = lengths[b];
      let isCausal = uniforms.isCausal != 0;
      ${each(
        heldKeys,
        (r) => `
      let row${r} = b * numTokens + min(first + ${r}, numTokens - 1);
      let at${r} = row${r} * rowWidth + queryWidth + keyHead * ${headSize};`,
      )}
      ${startKeys(headSize, "qkv", "keyWidth")}
      let tStart = select(select(0, first, isCausal), numTokens, first >= length);
      for (var g = 0; g < headGroup; g++) {
        let head = keyHead * headGroup + g;
        ${overQueries(headSize, "first + lane < select(length, min(length, t + 1), isCausal)")}
        ${each(
          heldKeys,
          (r) => `
        let from${r} = row${r} * queryWidth + head * ${headSize};
        let to${r} = row${r} * rowWidth + head * ${headSize};
        ${each(steps, (i) => store(headSize, `to${r}`, i, load(headSize, "inners", `from${r}`, i)))}`,
        )}
      }
      ${writeKeys(headSize, "numTokens", "keyWidth")}
    }`;
}

/** dPrefix (2, P, keyWidth): each quad sums over the batch for the keys of the prefix that it holds. */
export function prefixGradientSource(headSize: number): string {
  return `
    ${acrossQuad}
    fn main() {
      ${places(headSize)}
      let first = i32(workgroupId.x) * ${heldKeys};
      ${each(heldKeys, (r) => `let at${r} = min(first + ${r}, numPrefix - 1) * keyWidth + keyHead * ${headSize};`)}
      ${startKeys(headSize, "prefix", "numPrefix * keyWidth")}
      let tStart = 0;
      for (var b = 0; b < uniforms.batch; b++) {
        for (var g = 0; g < headGroup; g++) {
          let head = keyHead * headGroup + g;
          ${overQueries(headSize, "true")}
        }
      }
      ${writeKeys(headSize, "numPrefix", "numPrefix * keyWidth")}
    }`;
}
