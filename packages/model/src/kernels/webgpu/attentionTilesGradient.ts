import { each } from "./attentionForm.ts";
import {
  blockSeen,
  blockSize,
  columns,
  common,
  keep,
  mix,
  numInvocations,
  own,
  place,
  products,
  queryRows,
  reader,
  startSums,
  type TilesForm,
  writeSums,
} from "./attentionTiles.ts";

/** One number of a buffer of vectors. */
const singleOf = ({ components }: TilesForm, buffer: string, at: string): string =>
  components === 4 ? `${buffer}[(${at}) / 4][(${at}) % 4]` : `${buffer}[${at}]`;

/** The log-sum-exp and the inner product of dy and y of the queries from `first` on, into `stats`. */
const gradientCommon = (form: TilesForm): string => `
    var<workgroup> stats : array<vec2<f32>, ${numInvocations}>;
    ${common(form)}
    ${reader(form, "dy")}
    ${reader(form, "attended")}
    fn gatherStats(text : Text, keyHead : i32, first : i32) {
      let query = clampQuery(text, first + i32(localIndex) / 2);
      let at = resultAt(text, keyHead, query);
      var inner = 0.0;
      for (var four = i32(localIndex) % 2; four < (uniforms.headSize + 3) / 4; four += 2) { inner += dot(dyFour(at, four), attendedFour(at, four)); }
      let statPlace = statAt(text, keyHead, query);
      stats[localIndex] = vec2<f32>(${singleOf(form, "attended", "statPlace")}, inner);
    }
    // log-sum-exp and inner product of a row of the block
    fn statsOf(row : i32) -> vec2<f32> { return vec2<f32>(stats[2 * row].x, stats[2 * row].y + stats[2 * row + 1].y); }`;

/** dk and dv of the 32 keys from place `first` on (those of the prefix stand in front), from every query of the text. */
const keyBlock = (form: TilesForm): string => `
      let tStart = select(0, max(first - uniforms.numPrefix, 0), uniforms.isCausal != 0);
      ${startSums(form, "dk")}
      ${startSums(form, "dv")}
      for (var g = 0; g < headGroup(); g++) {
        for (var t = tStart; t < text.length; t += ${blockSize}) {
          let query = g * text.length + t;
          workgroupBarrier();
          gatherStats(text, keyHead, query);
          ${products(form, "s", "keyFour(text, keyHead, first + r, 0, four)", "qkvFour(queryAt(text, keyHead, clampQuery(text, query + r)), four)")}
          ${products(form, "e", "keyFour(text, keyHead, first + r, 1, four)", "dyFour(resultAt(text, keyHead, clampQuery(text, query + r)), four)")}
          ${each(
            own,
            (c) => `
          let stats${c} = statsOf(x + ${8 * c});
          let limit${c} = select(0, seenBy(text, clampQuery(text, query + x + ${8 * c})), t + x + ${8 * c} < text.length);`,
          )}
          let lse = vec4<f32>(stats0.x, stats1.x, stats2.x, stats3.x);
          let inner = vec4<f32>(stats0.y, stats1.y, stats2.y, stats3.y);
          let limit = vec4<i32>(limit0, limit1, limit2, limit3);
          ${each(
            own,
            (a) => `
          let p${a} = select(vec4<f32>(0.0), exp(s${a} - lse), vec4<i32>(first + y + ${8 * a}) < limit);
          let g${a} = p${a} * (e${a} - inner);`,
          )}
          ${keep("p")}
          ${mix(form, "dv", "dyFour(resultAt(text, keyHead, clampQuery(text, query + r)), four)")}
          ${keep("g")}
          ${mix(form, "dk", "qkvFour(queryAt(text, keyHead, clampQuery(text, query + r)), four)")}
        }
      }`;

/** dq of the 32 queries from `first` on. */
const queryBlock = (form: TilesForm): string => `
      ${queryRows}
      ${blockSeen}
      gatherStats(text, keyHead, first);
      ${startSums(form, "dq")}
      for (var j = 0; j < numSeen; j += ${blockSize}) {
        ${products(form, "s", "qkvFour(queryAt(text, keyHead, clampQuery(text, first + r)), four)", "keyFour(text, keyHead, j + r, 0, four)")}
        ${products(form, "e", "dyFour(resultAt(text, keyHead, clampQuery(text, first + r)), four)", "keyFour(text, keyHead, j + r, 1, four)")}
        ${each(
          own,
          (a) => `
        let stats${a} = statsOf(y + ${8 * a});
        let p${a} = select(vec4<f32>(0.0), exp(s${a} - vec4<f32>(stats${a}.x)), ${columns("j")} < vec4<i32>(seen${a}));
        let g${a} = p${a} * (e${a} - vec4<f32>(stats${a}.y));`,
        )}
        ${keep("g")}
        ${mix(form, "dq", "keyFour(text, keyHead, j + r, 0, four)")}
      }
      ${writeSums(
        form,
        "dq",
        (a) => `queryAt(text, keyHead, query${a})`,
        (a) => `query${a} < numQueries`,
      )}`;

/** dQkv (rows, rowWidth): the first workgroups of each (key head, text) take queries, the next ones keys. */
export function inputGradientSource(form: TilesForm): string {
  const at = (a: number) => `tokenKeyAt(text, keyHead, token + ${8 * a})`;
  const isThere = (a: number) => `token + ${8 * a} < text.length`;
  return `
    ${gradientCommon(form)}
    fn main() {
      ${place}
      let numQueryBlocks = (numQueries + ${blockSize - 1}) / ${blockSize};
      if (here.x < numQueryBlocks) {
        let first = here.x * ${blockSize};
        ${queryBlock(form)}
        return;
      }
      let first = uniforms.numPrefix + (here.x - numQueryBlocks) * ${blockSize};
      if (first >= uniforms.numPrefix + text.length) { return; }
      ${keyBlock(form)}
      let token = first - uniforms.numPrefix + y;
      ${writeSums(form, "dk", at, isThere)}
      ${writeSums(form, "dv", (a) => `${at(a)} + keyWidth()`, isThere)}
    }`;
}

/** The prefix's gradient of each text by itself, (texts, 2, P, keyWidth). */
export function prefixPartsSource(form: TilesForm): string {
  const at = (part: number) => (a: number) =>
    `((2 * here.y + ${part}) * uniforms.numPrefix + first + y + ${8 * a}) * keyWidth() + keyHead * uniforms.headSize`;
  const isThere = (a: number) => `first + y + ${8 * a} < uniforms.numPrefix`;
  return `
    ${gradientCommon(form)}
    fn main() {
      ${place}
      let first = here.x * ${blockSize};
      ${keyBlock(form)}
      ${writeSums(form, "dk", at(0), isThere)}
      ${writeSums(form, "dv", at(1), isThere)}
    }`;
}

/** Sums over the texts, one after the other. */
export const sumPartsSource = `
    fn main() {
      let i = i32(globalId.x);
      let size = uniforms.outShape;
      if (i >= size) { return; }
      var total = 0.0;
      for (var text = 0; text < uniforms.numTexts; text++) { total += parts[text * size + i]; }
      result[i] = total;
    }`;
