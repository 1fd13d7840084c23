import { misfitError, type Place, placeOf, type Values } from "./column.ts";

/** Items that one list column can hold: its offsets have 32 bits. */
const mostItems = 2 ** 31 - 1;

/** A column of lists as the column of all their items, and where each list ends in it. */
export interface Flattened {
  readonly items: Values;
  readonly offsets: Int32Array;
}

/**
 * Puts all lists one behind the other. `itemsOf` gives the items of a list, or throws. With `size`, a null takes that many
 * places.
 *
 * @throws SchemaError when they are more than a column can hold, before anything is copied.
 */
export function flatten(
  lists: Values,
  itemsOf: (value: unknown, index: number) => ArrayLike<unknown>,
  size = 0,
): Flattened {
  const { values } = lists;
  const offsets = new Int32Array(values.length + 1);
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    total += value === null || value === undefined ? size : itemsOf(value, row).length;
    if (total > mostItems) {
      throw misfitError(
        lists,
        row,
        `ends beyond ${mostItems} items, which is all that the lists of one column can hold.`,
        "Make several frames, each of fewer rows.",
      );
    }
    offsets[row + 1] = total;
  }
  const items: unknown[] = new Array(total).fill(null);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    const list = itemsOf(value, row);
    const start = offsets[row] ?? 0;
    for (let at = 0; at < list.length; at++) items[start + at] = list[at];
  }
  return { items: { name: `${lists.name}[]`, values: items, place: placeInList(lists, offsets) }, offsets };
}

/** The values of one field of a column of objects. Only an object's own properties count. */
export function fieldOf(objects: Values, name: string): Values {
  const values: unknown[] = new Array(objects.values.length).fill(null);
  for (let row = 0; row < values.length; row++) {
    const value = objects.values[row];
    if (value !== null && value !== undefined && Object.hasOwn(value, name)) values[row] = Reflect.get(value, name);
  }
  const place = (index: number): Place => {
    const { row, path } = placeOf(objects, index);
    return { row, path: [...path, name] };
  };
  return { name: `${objects.name}.${name}`, values, place };
}

function placeInList(lists: Values, offsets: Int32Array): (index: number) => Place {
  return (index) => {
    let low = 0;
    let high = offsets.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((offsets[middle] ?? 0) <= index) low = middle;
      else high = middle;
    }
    const { row, path } = placeOf(lists, low);
    return { row, path: [...path, index - (offsets[low] ?? 0)] };
  };
}
