/** The value at a path of names and numbers with dots between: `data.items`, `rows.0.id`; undefined where it ends before. */
export function valueAt(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path === "" ? [] : path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
