import { readFileSync } from "node:fs";

/** The shape of a document: a value, a list of one shape, or fields of which those with `?` may be missing. */
export type Shape =
  | "value"
  | { readonly list: Shape }
  | { readonly fields: ReadonlyMap<string, { shape: Shape; optional: boolean }> };

/** The shapes that docs/cli.md promises for `--json`, by command: "| `list` | `[{ storage, name }]` |". */
export function promisedShapes(): Map<string, Shape> {
  const text = readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8");
  const section = text.split("## What `--json` prints")[1]?.split("\n## ")[0] ?? "";
  const found = [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)];
  return new Map(found.map(([, command = "", shape = ""]) => [command, shapeOf(shape)]));
}

/** Reads `[{ a, b?: [{ c }] }]`. */
export function shapeOf(text: string): Shape {
  const tokens = text.match(/[[\]{},:]|[^\s[\]{},:]+/g) ?? [];
  const read = (): Shape => {
    const token = tokens.shift();
    if (token === "[") {
      const list = read();
      if (tokens.shift() !== "]") throw new Error(`${text}: a list has one shape.`);
      return { list };
    }
    if (token !== "{") return "value";
    const fields = new Map<string, { shape: Shape; optional: boolean }>();
    while (tokens[0] !== "}") {
      const name = tokens.shift() as string;
      const isTold = tokens[0] === ":";
      if (isTold) tokens.shift();
      fields.set(name.replace(/\?$/, ""), { shape: isTold ? read() : "value", optional: name.endsWith("?") });
      if (tokens[0] === ",") tokens.shift();
    }
    tokens.shift();
    return { fields };
  };
  return read();
}

/** Where a document differs from a shape; none when it has it. */
export function differences(value: unknown, shape: Shape, path = "$"): string[] {
  if (shape === "value") return [];
  if (value === null) return [];
  if ("list" in shape) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((each, i) => differences(each, shape.list, `${path}[${i}]`));
  }
  if (typeof value !== "object" || Array.isArray(value)) return [`${path} has no fields`];
  const missing = [...shape.fields].filter(([name, { optional }]) => !optional && !Object.hasOwn(value, name));
  return [
    ...missing.map(([name]) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const field = shape.fields.get(name);
      return field ? differences(inner, field.shape, `${path}.${name}`) : [`${path}.${name} is not promised`];
    }),
  ];
}
