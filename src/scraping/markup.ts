/** One node of a page's markup, as Cheerio has it. */
export interface MarkupNode {
  /** `tag`, `text`, `comment` … */
  readonly type: string;
  /** The element's name in small letters. */
  readonly name: string;
  /** The element's attributes. */
  readonly attribs: Readonly<Record<string, string>>;
  readonly parent: MarkupNode | null;
  readonly children: readonly MarkupNode[];
  /** The text, of a text node. */
  readonly data?: string;
}

/** What is looked for: a selector, nodes, or nodes that were found. */
export type MarkupTarget = string | MarkupNode | readonly MarkupNode[] | MarkupSelection;

type Judge = (this: MarkupNode, index: number, node: MarkupNode) => boolean;

/**
 * Nodes that were found, and what can be asked of them: the part of Cheerio's own that reads. Cheerio's types are not needed to
 * compile with this.
 */
export interface MarkupSelection extends Iterable<MarkupNode> {
  readonly length: number;
  readonly [index: number]: MarkupNode;
  /** The text of all of them and of what they hold. */
  text(): string;
  /** The markup inside of the first one; null when there is none. */
  html(): string | null;
  /** An attribute of the first one; undefined when it has none of that name. */
  attr(name: string): string | undefined;
  attr(): Readonly<Record<string, string>> | undefined;
  prop(name: string): unknown;
  data(name: string): unknown;
  val(): string | string[] | undefined;
  hasClass(name: string): boolean;
  is(what: MarkupTarget | Judge): boolean;
  index(of?: MarkupTarget): number;
  find(what: MarkupTarget): MarkupSelection;
  children(selector?: string): MarkupSelection;
  contents(): MarkupSelection;
  parent(selector?: string): MarkupSelection;
  parents(selector?: string): MarkupSelection;
  parentsUntil(until?: MarkupTarget): MarkupSelection;
  closest(what: MarkupTarget): MarkupSelection;
  next(selector?: string): MarkupSelection;
  nextAll(selector?: string): MarkupSelection;
  nextUntil(until?: MarkupTarget): MarkupSelection;
  prev(selector?: string): MarkupSelection;
  prevAll(selector?: string): MarkupSelection;
  prevUntil(until?: MarkupTarget): MarkupSelection;
  siblings(selector?: string): MarkupSelection;
  filter(what: MarkupTarget | Judge): MarkupSelection;
  not(what: MarkupTarget | Judge): MarkupSelection;
  has(what: string | MarkupNode): MarkupSelection;
  add(what: MarkupTarget): MarkupSelection;
  addBack(selector?: string): MarkupSelection;
  end(): MarkupSelection;
  first(): MarkupSelection;
  last(): MarkupSelection;
  eq(index: number): MarkupSelection;
  slice(start?: number, end?: number): MarkupSelection;
  clone(): MarkupSelection;
  /** Takes these out of the page, such as footnotes before `text()`. */
  remove(selector?: string): MarkupSelection;
  each(work: (this: MarkupNode, index: number, node: MarkupNode) => unknown): MarkupSelection;
  map<Value>(work: (this: MarkupNode, index: number, node: MarkupNode) => Value): MappedSelection<Value>;
  get(): MarkupNode[];
  get(index: number): MarkupNode | undefined;
  toArray(): MarkupNode[];
}

/** What `map` made of nodes; null and undefined are left out. */
export interface MappedSelection<Value> extends Iterable<NonNullable<Value>> {
  readonly length: number;
  get(): NonNullable<Value>[];
  toArray(): NonNullable<Value>[];
}

/** A page's markup, to be asked with selectors: Cheerio's function. */
export interface Markup {
  (what?: MarkupTarget, within?: MarkupTarget): MarkupSelection;
  /** The page's markup as text, or that of these nodes. */
  html(what?: MarkupTarget): string;
  /** The same as XML. */
  xml(what?: MarkupTarget): string;
  /** The text of the page, or of these nodes. */
  text(nodes?: readonly MarkupNode[]): string;
  root(): MarkupSelection;
  readonly prototype: object;
}

/** Reads markup, as HTML that may be broken or as XML. */
export type LoadMarkup = (text: string, xml: boolean) => Markup;
