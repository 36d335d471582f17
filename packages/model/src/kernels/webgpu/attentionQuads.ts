import { clearPadding, each, range, sum } from "./attentionForm.ts";

/**
 * Programs without barriers for software adapters, where four neighbouring invocations (a quad) run as one vector instruction: each quad holds a few
 * queries or keys and shares the dimensions of the head, every fourth to each lane, so that every read is of four neighbours. Scores of
 * four keys (or queries) are summed across the quad so that each lane ends with one of them.
 */
export const quadSize = 4;

/** Queries that a quad holds. */
export const heldQueries = 4;

/** Keys that a quad holds. */
export const heldKeys = quadSize;

/** How the lanes' share of a head's dimensions is gone through: step i is dimension 4i + lane. */
export interface Dimensions {
  readonly headSize: number;
  /** `line` for every step. */
  all(line: (i: string) => string): string;
  /** A variable for every step. */
  declare(name: string): string;
  element(name: string, i: string): string;
  /** Reads the vector that begins at `at` of a buffer, zero beyond the head. */
  load(buffer: string, at: string, i: string): string;
  store(at: string, i: string, value: string): string;
  /** A value that an earlier pass over the steps read as `<name>_<i>`: still that, or read again. */
  again(name: string, i: string, value: string): string;
}

/** Up to this size of a head steps are written out, so that all values are in registers; longer programs would take seconds to compile. */
const maxUnrolled = 64;

/** How a head of this size is gone through. */
export function dimensions(headSize: number): Dimensions {
  const numSteps = Math.ceil(headSize / quadSize);
  const isUnrolled = headSize <= maxUnrolled;
  const isWhole = headSize % quadSize === 0;
  const inside = (i: string) => `${quadSize} * ${i} + lane < ${headSize}`;
  const element = (name: string, i: string) => (isUnrolled ? `${name}_${i}` : `${name}[${i}]`);
  return {
    headSize,
    element,
    all: (line) => (isUnrolled ? each(numSteps, (i) => line(`${i}`)) : `for (var i = 0; i < ${numSteps}; i++) { ${line("i")} }`),
    declare: (name) => (isUnrolled ? each(numSteps, (i) => `var ${name}_${i} = 0.0;`) : `var ${name} : array<f32, ${numSteps}>;`),
    load: (buffer, at, i) => {
      const value = `${buffer}[${at} + ${quadSize} * ${i} + lane]`;
      return isWhole ? value : `select(0.0, ${value}, ${inside(i)})`;
    },
    store: (at, i, value) => {
      const write = `result[${at} + ${quadSize} * ${i} + lane] = ${value};`;
      return isWhole ? write : `if (${inside(i)}) { ${write} }`;
    },
    again: (name, i, value) => (isUnrolled ? `${name}_${i}` : value),
  };
}

/** What the lanes of a quad tell each other; the main function follows. */
export const acrossQuad = `
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
export const places = (headSize: number): string => `
      let lane = i32(localId.x);
      let isOdd = (lane & 1) != 0;
      let isUpper = (lane & 2) != 0;
      let numPrefix = uniforms.numPrefix;
      let headGroup = uniforms.numHeads / uniforms.numKeyValueHeads;
      let queryWidth = uniforms.numHeads * ${headSize};
      let keyWidth = uniforms.numKeyValueHeads * ${headSize};
      let rowWidth = queryWidth + 2 * keyWidth;
      let keyHead = i32(globalId.y);`;

/** A text's first row and how many it has. */
export const textPlaces = `
          let start = starts[text];
          let length = starts[text + 1] - start;`;

/** Queries of all heads that share a key/value head stand in one line, head after head; each quad holds some neighbours. */
export function queryPlaces(headSize: number): string {
  return `
      ${places(headSize)}
      let text = i32(workgroupId.z);
      if (text >= uniforms.numTexts) { return; }
      ${textPlaces}
      let numQueries = headGroup * length;
      let first = i32(workgroupId.x) * ${heldQueries};
      if (first >= numQueries) { return; }
      let isCausal = uniforms.isCausal != 0;
      let afterToken = first % length + ${heldQueries};
      let lastSeen = select(length, afterToken, isCausal && afterToken <= length);
      ${each(
        heldQueries,
        (r) => `
      let place${r} = first + ${r};
      let query${r} = min(place${r}, numQueries - 1);
      let head${r} = keyHead * headGroup + query${r} / length;
      let token${r} = query${r} % length;
      let row${r} = start + token${r};
      let seen${r} = select(length, token${r} + 1, isCausal);
      let from${r} = row${r} * rowWidth + head${r} * ${headSize};
      let stat${r} = row${r} * uniforms.numHeads + head${r};`,
      )}`;
}

/** Runs `body(buffer, limits)` for every four keys of the prefix, then of the tokens; key j begins at `key<j>`, its value at `value<j>`. */
export function overKeys(headSize: number, body: (buffer: string, limit: (r: number) => string) => string): string {
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
        let key${j} = (start + min(j + ${j}, length - 1)) * rowWidth + queryWidth + keyHead * ${headSize};
        let value${j} = key${j} + keyWidth;`,
        )}
        ${body("qkv", (r) => `seen${r}`)}
      }`;
}

/** `<name>_<j>`: what lane j has. */
export const broadcast = (name: string): string => each(quadSize, (j) => `let ${name}_${j} = quadBroadcast(${name}, ${j}u);`);

/** Lane j gets the sum of `<name>_<j>` over the quad. */
export const sumsOf = (name: string): string => `quadSums(${range(quadSize, (j) => `${name}_${j}`).join(", ")}, isOdd, isUpper)`;

/** Attention: the result, then the log-sum-exp of each (row, head) where it has a tail. */
export function attendSource(headSize: number): string {
  const dims = dimensions(headSize);
  const { all, declare, element, load, store } = dims;
  const body = (buffer: string, limit: (r: number) => string) => `
        ${each(heldQueries, (r) => each(quadSize, (j) => `var s${r}_${j} = 0.0;`))}
        ${all(
          (i) => `
        ${each(quadSize, (j) => `let k${j}_${i} = ${load(buffer, `key${j}`, i)};`)}
        ${each(heldQueries, (r) => each(quadSize, (j) => `s${r}_${j} += ${element(`q${r}`, i)} * k${j}_${i};`))}`,
        )}
        ${each(
          heldQueries,
          (r) => `
        let t${r} = select(-3.0e38, ${sumsOf(`s${r}`)}, j + lane < ${limit(r)});
        let high${r} = max(m${r}, quadMax(t${r}));
        let fade${r} = exp(m${r} - high${r});
        let p${r} = exp(t${r} - high${r});
        m${r} = high${r};
        l${r} = l${r} * fade${r} + p${r};
        ${broadcast(`p${r}`)}`,
        )}
        ${all(
          (i) => `
        ${each(quadSize, (j) => `let v${j}_${i} = ${load(buffer, `value${j}`, i)};`)}
        ${each(heldQueries, (r) => {
          const y = element(`y${r}`, i);
          return `${y} = ${y} * fade${r} + (${sum(quadSize, (j) => `p${r}_${j} * v${j}_${i}`)});`;
        })}`,
        )}`;
  return `
    ${acrossQuad}
    fn main() {
      ${queryPlaces(headSize)}
      ${each(
        heldQueries,
        (r) => `
      ${declare(`q${r}`)}
      ${declare(`y${r}`)}
      ${all((i) => `${element(`q${r}`, i)} = ${load("qkv", `from${r}`, i)};`)}
      var m${r} = -3.0e38;
      var l${r} = 0.0;`,
      )}
      ${overKeys(headSize, body)}
      ${each(
        heldQueries,
        (r) => `
      let total${r} = quadSum(l${r});
      let share${r} = select(0.0, 1.0 / total${r}, total${r} > 0.0);
      if (place${r} < numQueries) {
        let to${r} = row${r} * queryWidth + head${r} * ${headSize};
        ${all((i) => store(`to${r}`, i, `${element(`y${r}`, i)} * share${r}`))}
        if (lane == 0 && uniforms.statsStart >= 0) { result[uniforms.statsStart + stat${r}] = m${r} + log(total${r}); }
      }`,
      )}
      ${clearPadding(quadSize)}
    }`;
}
