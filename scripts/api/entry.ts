/** A member of an exported class, interface or object type. */
export interface ApiMember {
  readonly name: string;
  /** As it is written in TypeScript, on one line, without a body. */
  readonly signature: string;
  readonly text: string;
}

/** One export. */
export interface ApiEntry {
  readonly name: string;
  readonly kind: "class" | "function" | "interface" | "type" | "value";
  readonly signature: string;
  readonly text: string;
  readonly members: readonly ApiMember[];
  /** It comes from this library, which documents it. */
  readonly from?: string | undefined;
}

export interface ApiGroup {
  readonly title: string;
  readonly entries: readonly ApiEntry[];
}

/** One entry of `exports` in package.json. */
export interface ApiDoor {
  /** What is imported: `millrace/testing`. */
  readonly name: string;
  readonly about: string;
  readonly groups: readonly ApiGroup[];
}
