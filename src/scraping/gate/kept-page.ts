import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Pages kept of one source, and bytes of one. */
const mostPages = 5;
const mostBytes = 5 << 20;

/** A page whose text may be needed later. */
export interface SeenPage {
  readonly url: string;
  readonly body: string;
}

/**
 * Keeps a page that could not be read, packed, and removes the oldest beyond five. Resolves with its path; null when it could not
 * be kept, which must not hide why it was to be.
 */
export async function keepPage(folder: string, { url, body }: SeenPage, now = new Date()): Promise<string | null> {
  const path = join(folder, `${now.toISOString().replace(/[:.]/g, "-")}.html.gz`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const text = `<!-- ${url.replaceAll("--", "%2D%2D")} at ${now.toISOString()} -->\n${body.slice(0, mostBytes)}`;
    await writeFile(path, await promisify(gzip)(text), { mode: 0o600 });
    const names = (await readdir(folder)).filter((name) => name.endsWith(".html.gz")).sort();
    for (const name of names.slice(0, -mostPages)) await rm(join(folder, name), { force: true });
    return path;
  } catch {
    return null;
  }
}
