import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PageError } from "../page-error.ts";
import type { Fetch, WebRequest } from "./exchange.ts";
import { everythingAllowed, type RobotRules, readRobots, robotsLimit, tokenOf } from "./robots.ts";

const day = 86_400_000;

/** How the page is asked for, and so its site's robots.txt. */
type Way = Pick<WebRequest, "signal" | "proxyUrl">;

/** The rules of a site, or why none could be had. */
type Answer = RobotRules | { readonly unreachable: string };

/** Asks each site's robots.txt before its first page, and not again for 24 hours: the answer is kept in `folder`. */
export class Robots {
  readonly #ask: Fetch;
  readonly #agent: string;
  readonly #folder: string | null;
  readonly #answers = new Map<string, { answer: Promise<Answer>; time: number }>();

  /** @param ask fetches, and follows redirects. */
  constructor(ask: Fetch, agent: string, folder: string | null) {
    this.#ask = ask;
    this.#agent = agent;
    this.#folder = folder;
  }

  /** The rules for that address's site. @throws PageError ROBOTS_REFUSED when they forbid it, or can't be had. */
  async check({ url, signal, proxyUrl }: Pick<WebRequest, "url" | "signal" | "proxyUrl">): Promise<RobotRules> {
    const { origin, pathname, search } = new URL(url);
    let known = this.#answers.get(origin);
    if (!known || Date.now() - known.time > day) {
      known = { answer: this.#find(origin, { signal, proxyUrl }), time: Date.now() };
      this.#answers.set(origin, known);
      known.answer.catch(() => this.#answers.delete(origin));
    }
    const answer = await known.answer;
    if ("unreachable" in answer) {
      // The next try asks again.
      this.#answers.delete(origin);
      throw new PageError(url, {
        reason: answer.unreachable,
        hint: "RFC 9309 takes that for a no. Try again later, or declare `robots: false` where the site's owner allowed you.",
      });
    }
    if (answer.allows(pathname + search)) return answer;
    throw new PageError(url, {
      code: "ROBOTS_REFUSED",
      reason: `is left alone, as ${origin}/robots.txt asks`,
      hint: "Leave the page out. Where the site's owner allowed you, declare `robots: false` in the source.",
    });
  }

  async #find(origin: string, way: Way): Promise<Answer> {
    const token = tokenOf(this.#agent);
    const path = this.#folder && join(this.#folder, `${createHash("sha256").update(origin).digest("hex")}.txt`);
    const kept = path ? await readKept(path) : null;
    if (kept !== null) return kept === "" ? everythingAllowed : readRobots(kept, token);
    const text = await this.#fetch(`${origin}/robots.txt`, way);
    if (typeof text !== "string") return text;
    if (path && this.#folder) await keep(path, this.#folder, text);
    return text === "" ? everythingAllowed : readRobots(text, token);
  }

  /** The file's text; none where the site has none (4xx, and redirects that lead nowhere). */
  async #fetch(url: string, { signal, proxyUrl }: Way): Promise<string | { unreachable: string }> {
    try {
      const { status, body } = await this.#ask({
        url,
        method: "GET",
        headers: { accept: "text/plain" },
        signal,
        proxyUrl,
      });
      if (status >= 500) return { unreachable: `is left alone, because ${url} answered ${status}` };
      return status >= 200 && status < 300 ? body.subarray(0, robotsLimit).toString("utf8") : "";
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PageError)) throw error;
      if (error.code === "ADDRESS_REFUSED") throw error;
      if (error.code === "LIMIT_EXCEEDED") return "";
      // The site itself does not answer: that is what matters to who asked.
      return { unreachable: error.message.slice(error.url.length).replace(/\.$/, " (asked for robots.txt)").trim() };
    }
  }
}

/** First line: when it was fetched. The rest is the file. */
async function readKept(path: string): Promise<string | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  const end = text.indexOf("\n");
  const age = Date.now() - Date.parse(text.slice(0, Math.max(end, 0)));
  return age >= 0 && age < day ? text.slice(end + 1) : null;
}

/** It is only a saving of requests: a folder that can't be written stops nothing. */
async function keep(path: string, folder: string, text: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.${process.pid}`, `${new Date().toISOString()}\n${text}`, { mode: 0o600 });
    await rename(`${path}.${process.pid}`, path);
  } catch {
    // Asked again next time.
  }
}
