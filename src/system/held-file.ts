import { open } from "node:fs/promises";

/** A file that is held open. */
export interface HeldFile extends AsyncDisposable {
  /**
   * Opens that very file, also when another was renamed to its name or it was removed meanwhile. On macOS it is the plain path:
   * there `/dev/fd` shares one position among all that open it.
   */
  readonly path: string;
}

/**
 * Holds a file open for native readers, which open a path more than once: polars ends the whole process (SIGABRT) when the
 * file that it opens last is a shorter one than the file that it opened first.
 */
export async function holdFile(path: string): Promise<HeldFile> {
  const handle = await open(path, "r");
  const held = process.platform === "linux" ? `/dev/fd/${handle.fd}` : path;
  return { path: held, [Symbol.asyncDispose]: () => handle.close() };
}
