/** 1234567 as 1.23M. */
export function shortNumber(value: number): string {
  for (const [suffix, size] of [
    ["B", 1e9],
    ["M", 1e6],
    ["K", 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(2)}${suffix}`;
  }
  return value.toFixed(2);
}

export function percent(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(2)}%`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("'", "&#39;");
}
