/**
 * A pattern of file names as a regular expression: `*` and `?` stand for any signs but `/`, `**` for folders too, `[ab]` and `[!ab]` for one
 * sign, `{a,b}` for either.
 */
export function globPattern(pattern: string): RegExp {
  let source = "";
  let braces = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    const sign = pattern[i] as string;
    const set = /^\[(!?)([^\]/]+)\]/.exec(pattern.slice(i));
    if (pattern.startsWith("**/", i)) [source, i] = [`${source}(?:[^/]+/)*`, i + 2];
    else if (pattern.startsWith("**", i)) [source, i] = [`${source}.*`, i + 1];
    else if (sign === "*") source += "[^/]*";
    else if (sign === "?") source += "[^/]";
    else if (set)
      [source, i] = [`${source}[${set[1] ? "^/" : ""}${escaped(set[2] as string, true)}]`, i + set[0].length - 1];
    else if (sign === "{" && pattern.includes("}", i)) [source, braces] = [`${source}(?:`, braces + 1];
    else if (sign === "}" && braces > 0) [source, braces] = [`${source})`, braces - 1];
    else if (sign === "," && braces > 0) source += "|";
    else source += escaped(sign, false);
  }
  return new RegExp(`^${source}$`, "su");
}

/** Whether a name looks like a pattern. */
export function isPattern(name: string): boolean {
  return /[*?]|\[[^/]+\]|\{[^/]+\}/.test(name);
}

export const patternHint = "If it is a pattern, which several files match, give `glob: true`.";

/** A `-` keeps its meaning within a set. */
function escaped(text: string, inSet: boolean): string {
  return text.replace(inSet ? /[\\\]^]/g : /[.*+?^${}()|[\]\\/]/g, "\\$&");
}
