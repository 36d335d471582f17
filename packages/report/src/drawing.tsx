/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { DOMParser } from "linkedom";
import { h, type VNode } from "preact";

/** What is read of a parsed node, element or text. */
interface ParsedNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly textContent: string | null;
  readonly childNodes: Iterable<ParsedNode>;
  readonly attributes?: Iterable<{ readonly name: string; readonly value: string }>;
}

const elementNode = 1;

/** A drawing as part of a page; `changes` are attributes of its outermost element, null for one to leave out. */
export function Drawing({
  svg,
  changes = {},
}: {
  readonly svg: string;
  readonly changes?: Readonly<Record<string, string | number | null>>;
}) {
  const { attributes, children } = partsOf(rootOf(svg));
  return h("svg", { ...attributes, ...changes }, children);
}

/** Width and height of a drawing, in pixels. */
export function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const { attributes } = partsOf(rootOf(svg));
  const [width, height] = [Number(attributes.width), Number(attributes.height)];
  if (!(width > 0 && height > 0))
    throw new Error(`a drawing has width ${attributes.width} and height ${attributes.height}, expected pixels`);
  return { width, height };
}

/** Read as XML, which keeps the names of elements as they are: those of HTML are all large. */
function rootOf(svg: string): ParsedNode {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (root?.nodeName !== "svg") throw new Error("a drawing has no svg element");
  return root as unknown as ParsedNode;
}

/** The same elements, attributes and texts, which the renderer escapes like all others; the drawing as a whole has a name, its parts need none. */
function asVNode(node: ParsedNode): VNode | string {
  if (node.nodeType !== elementNode) return node.textContent ?? "";
  const { attributes, children } = partsOf(node);
  return h(node.nodeName, Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith("aria-"))), children);
}

function partsOf({ attributes = [], childNodes }: ParsedNode) {
  const given = Object.fromEntries([...attributes].map(({ name, value }) => [name, value]));
  return { attributes: given, children: [...childNodes].map(asVNode) };
}
