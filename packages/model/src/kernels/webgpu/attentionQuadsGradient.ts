import { each, sum } from "./attentionForm.ts";
import {
  acrossQuad,
  broadcast,
  type Dimensions,
  dimensions,
  heldKeys,
  heldQueries,
  overKeys,
  places,
  quadSize,
  queryPlaces,
  sumsOf,
  textPlaces,
} from "./attentionQuads.ts";

/** dq (rows, heads · headSize), then the inner product of dy and y of each (row, head); without `hasQueries` only these. */
export function queryGradientSource(headSize: number, hasQueries: boolean): string {
  const dims = dimensions(headSize);
  const { all, declare, element, load, store, again } = dims;
  const scored = (r: number, j: number, i: string) => `
        s${r}_${j} += ${element(`q${r}`, i)} * k${j}_${i};
        e${r}_${j} += ${element(`d${r}`, i)} * v${j}_${i};`;
  const body = (buffer: string, limit: (r: number) => string) => `
        ${each(heldQueries, (r) => each(quadSize, (j) => `var s${r}_${j} = 0.0; var e${r}_${j} = 0.0;`))}
        ${all(
          (i) => `
        ${each(quadSize, (j) => `let k${j}_${i} = ${load(buffer, `key${j}`, i)};`)}
        ${each(quadSize, (j) => `let v${j}_${i} = ${load(buffer, `value${j}`, i)};`)}
        ${each(heldQueries, (r) => each(quadSize, (j) => scored(r, j, i)))}`,
        )}
        ${each(
          heldQueries,
          (r) => `
        let p${r} = select(0.0, exp(${sumsOf(`s${r}`)} - lse${r}), j + lane < ${limit(r)});
        let g${r} = p${r} * (${sumsOf(`e${r}`)} - inner${r});
        ${broadcast(`g${r}`)}`,
        )}
        ${all(
          (i) => `
        ${each(quadSize, (j) => `let c${j}_${i} = ${again(`k${j}`, i, load(buffer, `key${j}`, i))};`)}
        ${each(heldQueries, (r) => `${element(`dq${r}`, i)} += ${sum(quadSize, (j) => `g${r}_${j} * c${j}_${i}`)};`)}`,
        )}`;
  const startInner = (r: number) => `
      let at${r} = row${r} * queryWidth + head${r} * ${headSize};
      ${declare(`d${r}`)}
      var part${r} = 0.0;
      ${all((i) => `${element(`d${r}`, i)} = ${load("dy", `at${r}`, i)}; part${r} += ${element(`d${r}`, i)} * ${load("attended", `at${r}`, i)};`)}
      let inner${r} = quadSum(part${r});`;
  const startQuery = (r: number) => `
      let lse${r} = attended[uniforms.numRows * queryWidth + stat${r}];
      ${declare(`q${r}`)}
      ${declare(`dq${r}`)}
      ${all((i) => `${element(`q${r}`, i)} = ${load("qkv", `from${r}`, i)};`)}`;
  return `
    ${acrossQuad}
    fn main() {
      ${queryPlaces(headSize)}
      ${each(heldQueries, startInner)}
      ${hasQueries ? each(heldQueries, startQuery) + overKeys(headSize, body) : ""}
      ${each(
        heldQueries,
        (r) => `
      if (place${r} < numQueries) {
        ${hasQueries ? all((i) => store(`at${r}`, i, element(`dq${r}`, i))) : ""}
        if (lane == 0) { result[uniforms.statsStart + stat${r}] = inner${r}; }
      }`,
      )}
    }`;
}

/** Keys and values held, from `at<r>` of a buffer, and their gradients. */
function startKeys({ all, declare, element, load }: Dimensions, buffer: string, between: string): string {
  return each(
    heldKeys,
    (r) => `
      ${["k", "v", "dk", "dv"].map((name) => declare(`${name}${r}`)).join("\n")}
      ${all(
        (i) => `
      ${element(`k${r}`, i)} = ${load(buffer, `at${r}`, i)};
      ${element(`v${r}`, i)} = ${load(buffer, `at${r} + ${between}`, i)};`,
      )}`,
  );
}

/** Adds to dk and dv of the four keys held, of every query from `tStart` on of head `head` of the text from row `start` on, that of token t where `isSeen`. */
function overQueries(dims: Dimensions, isSeen: string): string {
  const { headSize, all, element, load, again } = dims;
  const [query, slope] = [(i: string) => load("qkv", "queryAt", i), (i: string) => load("dy", "dyAt", i)];
  return `
        for (var t = tStart; t < length; t++) {
          let row = start + t;
          let queryAt = row * rowWidth + head * ${headSize};
          let dyAt = row * queryWidth + head * ${headSize};
          let stat = row * uniforms.numHeads + head;
          let lse = attended[uniforms.numRows * queryWidth + stat];
          let inner = inners[uniforms.statsStart + stat];
          ${each(heldKeys, (r) => `var s_${r} = 0.0; var e_${r} = 0.0;`)}
          ${all(
            (i) => `
          let q_${i} = ${query(i)};
          let d_${i} = ${slope(i)};
          ${each(
            heldKeys,
            (r) => `
          s_${r} += ${element(`k${r}`, i)} * q_${i};
          e_${r} += ${element(`v${r}`, i)} * d_${i};`,
          )}`,
          )}
          let p = select(0.0, exp(${sumsOf("s")} - lse), ${isSeen});
          let g = p * (${sumsOf("e")} - inner);
          ${broadcast("p")}
          ${broadcast("g")}
          ${all(
            (i) => `
          let qAgain_${i} = ${again("q", i, query(i))};
          let dAgain_${i} = ${again("d", i, slope(i))};
          ${each(heldKeys, (r) => `${element(`dk${r}`, i)} += g_${r} * qAgain_${i}; ${element(`dv${r}`, i)} += p_${r} * dAgain_${i};`)}`,
          )}
        }`;
}

function writeKeys({ all, element, store }: Dimensions, limit: string, between: string): string {
  return each(
    heldKeys,
    (r) => `
      if (first + ${r} < ${limit}) {
        ${all((i) => `${store(`at${r}`, i, element(`dk${r}`, i))} ${store(`at${r} + ${between}`, i, element(`dv${r}`, i))}`)}
      }`,
  );
}

/** dQkv (rows, rowWidth): keys and values by the keys that a quad holds; the queries' part is copied from `inners`, which begins with it. */
export function keyGradientSource(headSize: number): string {
  const dims = dimensions(headSize);
  const { all, load, store } = dims;
  return `
    ${acrossQuad}
    fn main() {
      ${places(headSize)}
      let text = i32(workgroupId.z);
      if (text >= uniforms.numTexts) { return; }
      ${textPlaces}
      let first = i32(workgroupId.x) * ${heldKeys};
      if (first >= length) { return; }
      let isCausal = uniforms.isCausal != 0;
      ${each(
        heldKeys,
        (r) => `
      let row${r} = start + min(first + ${r}, length - 1);
      let at${r} = row${r} * rowWidth + queryWidth + keyHead * ${headSize};`,
      )}
      ${startKeys(dims, "qkv", "keyWidth")}
      let tStart = select(0, first, isCausal);
      for (var member = 0; member < headGroup; member++) {
        let head = keyHead * headGroup + member;
        ${overQueries(dims, "first + lane < select(length, t + 1, isCausal)")}
        ${each(
          heldKeys,
          (r) => `
        let from${r} = row${r} * queryWidth + head * ${headSize};
        let to${r} = row${r} * rowWidth + head * ${headSize};
        ${all((i) => store(`to${r}`, i, load("inners", `from${r}`, i)))}`,
        )}
      }
      ${writeKeys(dims, "length", "keyWidth")}
    }`;
}

/** dPrefix (2, P, keyWidth): each quad sums over the texts for the keys of the prefix that it holds. */
export function prefixGradientSource(headSize: number): string {
  const dims = dimensions(headSize);
  return `
    ${acrossQuad}
    fn main() {
      ${places(headSize)}
      let first = i32(workgroupId.x) * ${heldKeys};
      ${each(heldKeys, (r) => `let at${r} = min(first + ${r}, numPrefix - 1) * keyWidth + keyHead * ${headSize};`)}
      ${startKeys(dims, "prefix", "numPrefix * keyWidth")}
      let tStart = 0;
      for (var text = 0; text < uniforms.numTexts; text++) {
        ${textPlaces}
        for (var member = 0; member < headGroup; member++) {
          let head = keyHead * headGroup + member;
          ${overQueries(dims, "true")}
        }
      }
      ${writeKeys(dims, "numPrefix", "numPrefix * keyWidth")}
    }`;
}
