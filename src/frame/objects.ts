/** Rows that are filled column by column before the next ones are begun: few enough for the processor's cache. */
const group = 1_024;

/**
 * One object for each row, all of one shape, so that what reads them is fast. A column called `__proto__` becomes an own
 * property like any other.
 */
export function objectsOf(
  names: readonly string[],
  columns: readonly ArrayLike<unknown>[],
  height: number,
): Record<string, unknown>[] {
  const template = Object.fromEntries(names.map((name) => [name, null]));
  const rows: Record<string, unknown>[] = new Array(height);
  for (let start = 0; start < height; start += group) {
    const end = Math.min(height, start + group);
    for (let row = start; row < end; row++) rows[row] = { ...template };
    for (const [index, name] of names.entries()) {
      const column = columns[index] ?? [];
      for (let row = start; row < end; row++) (rows[row] as Record<string, unknown>)[name] = column[row];
    }
  }
  return rows;
}
