/**
 * robots.txt as RFC 9309 has it: groups of rules for the robots that their user-agent lines name.
 *
 * @module
 */

interface Rule {
  readonly allow: boolean;
  readonly path: string;
}

/** What a robots.txt says to one robot. */
export interface RobotRules {
  /** Whether that path, with its query, may be fetched: by the longest rule that fits, an allowing one before another as long. */
  allows(path: string): boolean;
  /** Seconds that it asks for between two requests; not part of the RFC, but meant. */
  readonly crawlDelay: number | undefined;
}

/** Bytes of the file that are read: the RFC's least limit. */
export const robotsLimit = 500 * 1_024;

export const everythingAllowed: RobotRules = { allows: () => true, crawlDelay: undefined };

/** Reads the rules for the robot with this product token, of the groups for `*` when none names it. Groups of one name count as one. */
export function readRobots(text: string, token: string): RobotRules {
  const own: Group = { rules: [], named: false, delay: undefined };
  const all: Group = { rules: [], named: false, delay: undefined };
  let current: Group[] = [];
  let isNaming = false;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) {
    const [, key = "", value = ""] = /^\s*([\w-]+)\s*:\s*(.*?)\s*$/.exec(line.replace(/#.*/, "")) ?? [];
    switch (key.toLowerCase()) {
      case "user-agent": {
        if (!isNaming) current = [];
        isNaming = true;
        const group = value === "*" ? all : tokenOf(value) === token.toLowerCase() ? own : undefined;
        if (group) {
          group.named = true;
          current.push(group);
        }
        break;
      }
      case "allow":
      case "disallow":
        isNaming = false;
        // An empty path is no rule.
        if (value !== "")
          for (const { rules } of current) rules.push({ allow: key.toLowerCase() === "allow", path: value });
        break;
      case "crawl-delay":
        isNaming = false;
        for (const group of current) group.delay = /^\d+(\.\d+)?$/.test(value) ? Number(value) : group.delay;
        break;
      // Other lines, such as sitemap, belong to no group and end none.
    }
  }
  const { rules, delay } = own.named ? own : all;
  const patterns = rules.map(({ allow, path }) => ({ allow, pattern: normal(path) }));
  return {
    crawlDelay: delay,
    allows(path) {
      const wanted = normal(path);
      if (wanted === "/robots.txt") return true;
      let best: { allow: boolean; length: number } | undefined;
      for (const { allow, pattern } of patterns) {
        if (!fits(pattern, wanted)) continue;
        const { length } = pattern;
        if (!best || length > best.length || (length === best.length && allow)) best = { allow, length };
      }
      return best?.allow ?? true;
    },
  };
}

interface Group {
  readonly rules: Rule[];
  named: boolean;
  delay: number | undefined;
}

/** Letters, `_` and `-`: what the RFC has in a product token, without a version. */
export function tokenOf(agent: string): string {
  return (/^[\w-]+/.exec(agent)?.[0] ?? "").toLowerCase();
}

/** Characters that need no escape stand for themselves, all others as upper-case escapes of their UTF-8, `*` and `$` as they are. */
function normal(path: string): string {
  return path
    .replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character.isWellFormed() ? character : "\uFFFD"))
    .replace(/%[0-9a-f]{2}/gi, (hex) => {
      const character = String.fromCharCode(Number.parseInt(hex.slice(1), 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : hex.toUpperCase();
    });
}

/** Whether the path begins with the pattern; `*` is any text, `$` at the end the path's end. Never goes back further than the last `*`. */
function fits(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith("$");
  const parts = (isWhole ? pattern.slice(0, -1) : pattern).split("*");
  const [first = "", ...others] = parts;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of others.entries()) {
    if (isWhole && index === others.length - 1) return path.length - part.length >= at && path.endsWith(part);
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return !isWhole || at === path.length;
}
