import type { Session } from "./session.ts";

/** Work that is done once. What failed may be tried again. */
export function rememberWork(): Session["once"] {
  const works = new Map<string, Promise<unknown>>();
  return (key, work) => {
    let found = works.get(key);
    if (!found) {
      found = work();
      works.set(key, found);
      found.catch(() => works.delete(key));
    }
    return found;
  };
}
