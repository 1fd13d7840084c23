import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

type Arrow = typeof import("apache-arrow");

let loaded: Arrow | undefined;

/**
 * The library apache-arrow, loaded on first use (about 100 ms). Synchronous, so that `frame()` and `records()` can be;
 * it is the same instance that `await import("apache-arrow")` gives.
 */
export function arrowLibrary(): Arrow {
  loaded ??= createRequire(import.meta.url)(fileURLToPath(import.meta.resolve("apache-arrow"))) as Arrow;
  return loaded;
}
