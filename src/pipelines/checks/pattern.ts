/**
 * The pattern for polars' own engine, where that means the same to both for every text; else null. Both agree on what is written
 * in ASCII without flags, look-around, back-references and negated sets.
 */
export function commonPattern({ source, flags }: RegExp): string | null {
  if (!/^[dgu]*$/.test(flags)) return null;
  const repeats = [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) => Number(most || least));
  // The native engine unrolls repetitions, and refuses a pattern that grows too large.
  if (repeats.reduce((product, times) => product * Math.max(times, 1), 1) > 1_000) return null;
  return common.test(source) ? source.replace(/\\d/g, "[0-9]").replace(/\\w/g, "[0-9A-Za-z_]") : null;
}

const plain = "[A-Za-z0-9 _,:;=@#%&!<>\"'~/-]";
const escaped = String.raw`\\[.*+?^$()[\]{}|/-]`;
const set = String.raw`\[(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9 _.,:;=@#%!]|\\[.\]/-])+-?\]`;
const common = new RegExp(
  String.raw`^(?:${plain}|${escaped}|\\d|\\w|${set}|\^|\$|\((?!\?)|\(\?:|\)|\||[*+?]|\{\d+(?:,\d*)?\})*$`,
);
