import { clearPadding, each } from "./attentionForm.ts";

/**
 * Programs with workgroup memory: a workgroup of 8 × 8 invocations holds a block of 32 rows (queries, or keys) and goes over the others in
 * tiles of 32, whose vectors it stages in pieces of 32 dimensions. Scores of a tile take the place of the rows' vectors.
 */
export const blockSize = 32;

/** Invocations of a workgroup, as 8 × 8. */
export const numInvocations = 64;

/** Fours in a piece of a vector, and in a row of a staged tile with one more against bank conflicts. */
const pieceFours = 8;
const stride = pieceFours + 1;
/** Rows and columns of a tile that an invocation computes: every eighth from its own on. */
export const own = 4;

/** What programs are made for; the head's exact size is a uniform. */
export interface TilesForm {
  /** Pieces of a vector. */
  readonly numPieces: number;
  /** Numbers in an element of a buffer of vectors. */
  readonly components: 1 | 4;
}

/** How a head of this size is cut into pieces, and whether four of its numbers can be read at once. */
export function tilesForm(headSize: number): TilesForm {
  return { numPieces: Math.ceil(headSize / (4 * pieceFours)), components: headSize % 4 === 0 ? 4 : 1 };
}

/** Reads four numbers of the vector that begins at the number `at` of a buffer; zero beyond the head. */
export function reader({ components }: TilesForm, buffer: string): string {
  const single = (lane: number) => `select(0.0, ${buffer}[at + 4 * four + ${lane}], 4 * four + ${lane} < uniforms.headSize)`;
  const value = components === 4 ? `${buffer}[at / 4 + four]` : `vec4<f32>(${[0, 1, 2, 3].map(single).join(", ")})`;
  return `
    fn ${buffer}Four(at : i32, four : i32) -> vec4<f32> {
      if (4 * four >= uniforms.headSize) { return vec4<f32>(0.0); }
      return ${value};
    }`;
}

/** The tiles, where things lie in numbers, and how vectors are read. */
export const common = (form: TilesForm): string => `
    var<workgroup> left : array<vec4<f32>, ${blockSize * stride}>;
    var<workgroup> right : array<vec4<f32>, ${blockSize * stride}>;
    // the workgroup's place in x and its text
    var<workgroup> places : vec2<i32>;
    struct Text { start : i32, length : i32 }
    fn queryWidth() -> i32 { return uniforms.numHeads * uniforms.headSize; }
    fn keyWidth() -> i32 { return uniforms.numKeyValueHeads * uniforms.headSize; }
    fn rowWidth() -> i32 { return queryWidth() + 2 * keyWidth(); }
    fn headGroup() -> i32 { return uniforms.numHeads / uniforms.numKeyValueHeads; }
    // queries of all heads that share a key/value head stand in one line, head after head
    fn headOf(text : Text, keyHead : i32, query : i32) -> i32 { return keyHead * headGroup() + query / text.length; }
    fn rowOf(text : Text, query : i32) -> i32 { return text.start + query % text.length; }
    fn clampQuery(text : Text, query : i32) -> i32 { return min(query, headGroup() * text.length - 1); }
    fn queryAt(text : Text, keyHead : i32, query : i32) -> i32 {
      return rowOf(text, query) * rowWidth() + headOf(text, keyHead, query) * uniforms.headSize;
    }
    fn resultAt(text : Text, keyHead : i32, query : i32) -> i32 {
      return rowOf(text, query) * queryWidth() + headOf(text, keyHead, query) * uniforms.headSize;
    }
    fn statAt(text : Text, keyHead : i32, query : i32) -> i32 {
      return uniforms.numRows * queryWidth() + rowOf(text, query) * uniforms.numHeads + headOf(text, keyHead, query);
    }
    fn seenBy(text : Text, query : i32) -> i32 {
      return uniforms.numPrefix + select(text.length, query % text.length + 1, uniforms.isCausal != 0);
    }
    fn tokenKeyAt(text : Text, keyHead : i32, token : i32) -> i32 {
      return (text.start + token) * rowWidth() + queryWidth() + keyHead * uniforms.headSize;
    }
    ${reader(form, "qkv")}
    ${reader(form, "prefix")}
    // keys (part 0) or values (part 1), those of the prefix in front
    fn keyFour(text : Text, keyHead : i32, place : i32, part : i32, four : i32) -> vec4<f32> {
      let key = min(place, uniforms.numPrefix + text.length - 1);
      if (key < uniforms.numPrefix) { return prefixFour((part * uniforms.numPrefix + key) * keyWidth() + keyHead * uniforms.headSize, four); }
      return qkvFour(tokenKeyAt(text, keyHead, key - uniforms.numPrefix) + part * keyWidth(), four);
    }`;

/** Fills a tile with a piece of 32 vectors; `value` may use `r`, the vector's row, and `four`. */
const stage = (tile: "left" | "right", piece: string, value: string): string => `
      for (var n = 0; n < ${(blockSize * pieceFours) / numInvocations}; n++) {
        let place = i32(localIndex) + n * ${numInvocations};
        let r = place / ${pieceFours};
        let four = ${piece} * ${pieceFours} + place % ${pieceFours};
        ${tile}[r * ${stride} + place % ${pieceFours}] = ${value};
      }`;

/** Inner products of the rows' and columns' vectors, `name<a>[c]` for row y + 8a and column x + 8c. */
export const products = ({ numPieces }: TilesForm, name: string, rowValue: string, columnValue: string): string => `
      ${each(own, (a) => `var ${name}${a} = vec4<f32>(0.0);`)}
      for (var piece = 0; piece < ${numPieces}; piece++) {
        workgroupBarrier();
        ${stage("left", "piece", rowValue)}
        ${stage("right", "piece", columnValue)}
        workgroupBarrier();
        for (var k = 0; k < ${pieceFours}; k++) {
          ${each(own, (c) => `let c${c} = right[(x + ${8 * c}) * ${stride} + k];`)}
          ${each(
            own,
            (a) => `
          let a${a} = left[(y + ${8 * a}) * ${stride} + k];
          ${name}${a} += vec4<f32>(dot(a${a}, c0), dot(a${a}, c1), dot(a${a}, c2), dot(a${a}, c3));`,
          )}
        }
      }`;

/** Writes `name<a>[c]` where the rows' vectors were: the four at x holds the columns x, x + 8, x + 16 and x + 24. */
export const keep = (name: string): string => `
      workgroupBarrier();
      ${each(own, (a) => `left[(y + ${8 * a}) * ${stride} + x] = ${name}${a};`)}`;

/** Adds what was kept times the columns' vectors to `name<a>_<piece>`: four dimensions, those of x, for the rows y + 8a. */
export const mix = ({ numPieces }: TilesForm, name: string, columnValue: string): string =>
  each(
    numPieces,
    (piece) => `
      workgroupBarrier();
      ${stage("right", `${piece}`, columnValue)}
      workgroupBarrier();
      for (var k = 0; k < ${pieceFours}; k++) {
        ${each(own, (c) => `let c${c} = right[(k + ${8 * c}) * ${stride} + x];`)}
        ${each(
          own,
          (a) => `
        let a${a} = left[(y + ${8 * a}) * ${stride} + k];
        ${name}${a}_${piece} += a${a}.x * c0 + a${a}.y * c1 + a${a}.z * c2 + a${a}.w * c3;`,
        )}
      }`,
  );

/** Zeros that `mix` adds to. */
export const startSums = ({ numPieces }: TilesForm, name: string): string =>
  each(own, (a) => each(numPieces, (piece) => `var ${name}${a}_${piece} = vec4<f32>(0.0);`));

/** Writes the sums of the rows y + 8a that are there; row a begins at `at<a>`. */
export const writeSums = ({ numPieces }: TilesForm, name: string, at: (a: number) => string, isThere: (a: number) => string): string =>
  each(
    own,
    (a) => `
      if (${isThere(a)}) {
        ${each(
          numPieces,
          (piece) => `
        for (var n = 0; n < 4; n++) {
          let d = (${piece * pieceFours} + x) * 4 + n;
          if (d < uniforms.headSize) { result[${at(a)} + d] = ${name}${a}_${piece}[n]; }
        }`,
        )}
      }`,
  );

/** The invocation's own places, and the workgroup's, the same for all of its invocations. */
export const place = `
      let x = i32(localIndex) % 8;
      let y = i32(localIndex) / 8;
      let keyHead = i32(workgroupId.y);
      if (localIndex == 0u) { places = vec2<i32>(i32(workgroupId.x), i32(workgroupId.z)); }
      let here = workgroupUniformLoad(&places);
      if (here.y >= uniforms.numTexts) { return; }
      let text = Text(starts[here.y], starts[here.y + 1] - starts[here.y]);
      let numQueries = headGroup() * text.length;`;

/** Places of the queries in the rows y + 8a, and how many keys each sees. */
export const queryRows = `
      ${each(own, (a) => `let query${a} = first + y + ${8 * a}; let seen${a} = seenBy(text, clampQuery(text, query${a}));`)}`;

/** How many keys the block of queries from `first` on sees at most. */
export const blockSeen = `
      let last = clampQuery(text, first + ${blockSize - 1});
      let numSeen = seenBy(text, select(text.length - 1, last, first / text.length == last / text.length));`;

/** The four columns of the invocation, from place `first` on. */
export const columns = (first: string): string => `(vec4<i32>(${first} + x) + vec4<i32>(0, 8, 16, 24))`;

/** Attention: the result, then the log-sum-exp of each (row, head) where it has a tail. */
export function attendSource(form: TilesForm): string {
  return `
    ${common(form)}
    fn main() {
      ${place}
      let first = here.x * ${blockSize};
      if (first >= numQueries) { return; }
      ${queryRows}
      ${blockSeen}
      ${startSums(form, "y")}
      ${each(own, (a) => `var m${a} = -3.0e38; var l${a} = 0.0;`)}
      for (var j = 0; j < numSeen; j += ${blockSize}) {
        ${products(form, "s", "qkvFour(queryAt(text, keyHead, clampQuery(text, first + r)), four)", "keyFour(text, keyHead, j + r, 0, four)")}
        ${each(own, (a) => `s${a} = select(vec4<f32>(-3.0e38), s${a}, ${columns("j")} < vec4<i32>(seen${a}));`)}
        ${keep("s")}
        workgroupBarrier();
        ${each(
          own,
          (a) => `
        var high${a} = vec4<f32>(m${a});
        for (var k = 0; k < ${pieceFours}; k++) { high${a} = max(high${a}, left[(y + ${8 * a}) * ${stride} + k]); }
        let top${a} = max(max(high${a}.x, high${a}.y), max(high${a}.z, high${a}.w));
        let fade${a} = exp(m${a} - top${a});
        let p${a} = exp(s${a} - vec4<f32>(top${a}));
        m${a} = top${a};
        l${a} = l${a} * fade${a} + dot(p${a}, vec4<f32>(1.0));
        ${each(form.numPieces, (piece) => `y${a}_${piece} *= fade${a};`)}`,
        )}
        ${keep("p")}
        ${mix(form, "y", "keyFour(text, keyHead, j + r, 1, four)")}
      }
      workgroupBarrier();
      ${each(own, (a) => `left[(y + ${8 * a}) * ${stride} + x].x = l${a};`)}
      workgroupBarrier();
      ${each(
        own,
        (a) => `
      var total${a} = 0.0;
      for (var k = 0; k < 8; k++) { total${a} += left[(y + ${8 * a}) * ${stride} + k].x; }
      let share${a} = select(0.0, 1.0 / total${a}, total${a} > 0.0);
      ${each(form.numPieces, (piece) => `y${a}_${piece} *= share${a};`)}`,
      )}
      ${writeSums(
        form,
        "y",
        (a) => `resultAt(text, keyHead, query${a})`,
        (a) => `query${a} < numQueries`,
      )}
      ${each(
        own,
        (a) => `
      if (x == 0 && uniforms.statsStart >= 0 && query${a} < numQueries) { result[statAt(text, keyHead, query${a})] = m${a} + log(total${a}); }`,
      )}
      ${clearPadding(numInvocations)}
    }`;
}
