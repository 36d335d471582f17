/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { parseHTML } from "linkedom";
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
  const root = parseHTML(svg).document.querySelector("svg");
  if (root === null) throw new Error("a drawing has no svg element");
  const { attributes, children } = partsOf(root as unknown as ParsedNode);
  return h("svg", { ...attributes, ...changes }, children);
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
