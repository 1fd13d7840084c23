import { describe, expect, test } from "vitest";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import { loadMarkup } from "../../src/scraping/crawl/crawlee.ts";
import { parseDate } from "../../src/scraping/dates.ts";
import { date, integer, link, number, percent, text, value } from "../../src/scraping/fields.ts";
import { source } from "../../src/scraping/source.ts";
import { tableRows } from "../../src/scraping/tables.ts";
import { parseNumber } from "../../src/scraping/values.ts";
import { html, scraperOf, serve } from "./site.ts";

describe("fields", () => {
  const schema = frameSchema({
    id: "string",
    price: "float64",
    change: "float64?",
    sold: "int64?",
    day: "date?",
    at: "datetime[ms, UTC]?",
    page: "string?",
    kind: "string?",
  });
  const book = (start: string) =>
    source({
      start,
      schema,
      rows: "li",
      fields: {
        id: text("", { attr: "id" }),
        price: number(".p", { locale: "de-DE", currency: "EUR" }),
        change: percent(".c", { decimal: "," }),
        sold: integer(".s", { unreadable: "null" }),
        day: date(".d", "dd.MM.yyyy"),
        at: date(".t", "dd.MM.yyyy HH:mm", { zone: "Europe/Berlin" }),
        page: link("a"),
        kind: value(".k", (shown) => shown.toLowerCase() || null),
      },
    });
  const scrape = async (body: string) => {
    const { base } = await serve((_, response) => html(response, body));
    return schema.records(await scraperOf({ book: book(base) }).scraper.fetchSource("book"));
  };

  test("read numbers, dates, links and attributes as they are written there", async () => {
    const row =
      '<li id="a"><b class="p">1.234,50 €</b><i class="c">−1,5 %</i><i class="s">many</i><i class="d">24.11.2026</i><i class="t">24.07.2026 09:30</i><a href="/x?y">x</a><i class="k">New</i></li>';
    const [first, second] = await scrape(`${row}<li id="b"><b class="p">7</b></li>`);
    expect(first).toMatchObject({
      id: "a",
      price: 1234.5,
      change: -0.015,
      sold: null,
      day: "2026-11-24",
      at: new Date("2026-07-24T07:30:00Z"),
      kind: "new",
    });
    expect(first?.page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/x\?y$/);
    expect(second).toEqual({
      id: "b",
      price: 7,
      change: null,
      sold: null,
      day: null,
      at: null,
      page: null,
      kind: null,
    });
  });

  test("name address, selector and text of what can't be read, and of what is missing", async () => {
    await expect(scrape('<li id="a"><b class="p">12,5 USD</b></li>')).rejects.toThrow(
      /http:\/\/127.*field "price" \("\.p"\) of row 1: "12,5 USD" is not an amount in EUR/,
    );
    await expect(scrape('<li id="a"><b class="p">-</b></li>')).rejects.toThrow(
      '"-" stands for no value, and the column allows none',
    );
    await expect(scrape('<li id="a"></li>')).rejects.toThrow("the selector finds nothing");
    await expect(scrape('<li id="a"><b class="p">1</b><i class="d">31.02.2026</i></li>')).rejects.toThrow(
      '"31.02.2026" is not a date written as dd.MM.yyyy',
    );
  });

  test("have to be the columns of the schema, to the type checker and when declared", () => {
    const start = "http://a.example/";
    const small = frameSchema({ id: "string", n: "int32" });
    // @ts-expect-error a column without a field
    expect(() => source({ start, schema: small, rows: "li", fields: { id: text("a") } })).toThrow(
      'The column "n" has no field',
    );
    // @ts-expect-error a text is no int32
    source({ start, schema: small, rows: "li", fields: { id: text("a"), n: text("b") } });
    expect(() =>
      source({ start, schema: { id: "string" }, rows: "li", fields: { id: text("a"), name: text("b") } }),
    ).toThrow('no column for the field "name"');
    expect(() => source({ start, schema: { id: "string" }, fields: { id: text("a") } })).toThrow("need `rows`");
    expect(() => source({ start, schema: { id: "string" } })).toThrow("either `parse`");
  });
});

test.each([
  ["24.11.2026", "dd.MM.yyyy", {}, "2026-11-24"],
  ["3/7/26", "M/d/yy", {}, "2026-03-07"],
  ["Mar 5, 2026", "MMM d, yyyy", {}, "2026-03-05"],
  ["September 5, 2026", "MMMM d, yyyy", {}, "2026-09-05"],
  ["5. März 2026", "d. MMMM yyyy", { locale: "de" }, "2026-03-05"],
  ["5 janv. 2026", "d MMM yyyy", { locale: "fr" }, "2026-01-05"],
  ["2026-03-05 09:05 PM", "yyyy-MM-dd hh:mm a", {}, "2026-03-05T21:05:00"],
  ["2026-03-05T09:05:06.250+0200", "yyyy-MM-dd'T'HH:mm:ss.SSSZ", {}, "2026-03-05T07:05:06.250Z"],
  ["2026-01-15 12:00", "yyyy-MM-dd HH:mm", { zone: "America/New_York" }, "2026-01-15T17:00:00.000Z"],
  ["Tue, 24 Nov 2026", "EEE, dd MMM yyyy", {}, "2026-11-24"],
  ["N/A", "yyyy", {}, null],
  ["heute", "dd.MM.yyyy", { absent: ["heute"] }, null],
] as const)("the date %s is read by %s", (shown, format, options, expected) => {
  expect(parseDate(shown, format, options)).toBe(expected);
});

test.each([
  ["2026-13-01", "yyyy-MM-dd", {}],
  ["2026-02-29", "yyyy-MM-dd", {}],
  ["25:00", "HH:mm", {}],
  ["2026-03-29 02:30", "yyyy-MM-dd HH:mm", { zone: "Europe/Berlin" }],
  ["2026-10-25 02:30", "yyyy-MM-dd HH:mm", { zone: "Europe/Berlin" }],
  ["x24.11.2026", "dd.MM.yyyy", {}],
] as const)("%s is no date written as %s", (shown, format, options) => {
  expect(() => parseDate(shown, format, options)).toThrow(JSON.stringify(shown));
});

test.each([
  ["12,50 €", { locale: "de-DE" }, 12.5],
  ["USD 1,234.5", {}, 1234.5],
  ["1'234.50 CHF", { locale: "de-CH" }, 1234.5],
  ["£3.2M", { currency: "GBP" }, 3.2e6],
  ["2,5 Mrd.", { locale: "de", units: { "Mio.": 6, "Mrd.": 9 } }, 2.5e9],
  ["k.A.", { absent: ["k.A."] }, null],
] as const)("the amount %s is read", (shown, format, expected) => {
  expect(parseNumber(shown, format)).toBe(expected);
});

describe("a table", () => {
  const load = loadMarkup();

  test("gives its rows by the names in its head, with spans in each cell that they cover", () => {
    const $ = load(
      `<table id="t"><thead><tr><th>Name</th><th>Price</th><th>Price</th><th></th></tr></thead>
       <tr><td rowspan="2">A</td><td>1</td><td>2</td><td>x</td></tr><tr><td colspan="2">3</td><td>y <table><tr><td>inner</td></tr></table></td></tr></table>`,
      false,
    );
    expect(tableRows($, "#t")).toEqual([
      { Name: "A", Price: "1", "Price 2": "2", "column 4": "x" },
      { Name: "A", Price: "3", "Price 2": "3", "column 4": "y inner" },
    ]);
  });

  test("without a head takes its first row, or the names that it is given; one that is not there is refused", () => {
    const $ = load("<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>", false);
    expect(tableRows($, "table")).toEqual([{ a: "1", b: "2" }]);
    expect(tableRows($, "table", { columns: ["x", "y"] })).toEqual([
      { x: "a", y: "b" },
      { x: "1", y: "2" },
    ]);
    expect(() => tableRows($, "#none")).toThrow('No table was found with "#none"');
  });
});
