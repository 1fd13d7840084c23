/**
 * Where a page stands in the order of a crawl, as a text that sorts so: the number of its start address, its number along `next`,
 * and so on for a page that it was followed to. A page stands before the pages that it leads to, and these before the next page.
 *
 * @module
 */

const width = 8;
const digits = (value: number) => String(value).padStart(width, "0");

/** Of the first page at a start address. */
export function startPlace(start: number): string {
  return `${digits(start)}.${digits(1)}`;
}

export function isStart(place: string): boolean {
  return place.length === 2 * width + 1 && numberOf(place) === 1;
}

/** Of the page that `next` leads to. */
export function nextPlace(place: string): string {
  return place.slice(0, -width) + digits(numberOf(place) + 1);
}

/** Of a page that was followed to. */
export function childPlace(place: string, index: number): string {
  return `${place}.${digits(index)}.${digits(1)}`;
}

/** 1 for a first page, then 2, 3 … along `next`. */
export function numberOf(place: string): number {
  return Number(place.slice(-width));
}

/** The start address that led there. */
export function startOf(place: string): string {
  return place.slice(0, width);
}
