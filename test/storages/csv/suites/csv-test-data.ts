import type { SuiteCase } from "./case.ts";

const header = { header: true } as const;
const ragged = "The suite calls it bad too: which column a field is missing from, or left over in, is not known.";
const top = ["foo", "bar", "baz"];

/**
 * What github.com/sineemore/csv-test-data asks, whose files carry no licence and so are not copied: each case is named after the
 * file that asks it.
 */
export const csvTestData: SuiteCase[] = [
  {
    what: "all-empty",
    input: "\n\n",
    rows: [[""], [""]],
    instead: { refused: /is empty/ },
    why: "Without a header, nothing tells two nulls of one column from no column.",
  },
  {
    what: "bad-header-less-fields",
    input: "foo,bar,baz\na,b",
    options: header,
    instead: { refused: /line 2 has 2 fields/ },
    why: ragged,
  },
  {
    what: "bad-header-more-fields",
    input: "foo,bar,baz\na,b,c,d",
    options: header,
    instead: { refused: /line 2 has 4/ },
    why: ragged,
  },
  {
    what: "bad-header-no-header",
    input: "",
    options: header,
    instead: { refused: /is empty/ },
    why: "A frame needs a column, so an empty file is none; the suite calls it bad too.",
  },
  {
    what: "bad-missing-quote",
    input: 'foo,bar,baz\na,"never closed,c',
    instead: { refused: /line 2 has a quote that is never/ },
    why: "The suite calls it bad too: where the field ends is not known.",
  },
  {
    what: "bad-quotes-with-unescaped-quote",
    input: 'foo,bar,baz\na,"one " more",c',
    instead: { refused: /line 2 has text after/ },
    why: "The suite calls it bad too: RFC 4180 doubles a quote within a quoted field.",
  },
  {
    what: "bad-unescaped-quote",
    input: 'foo,bar,baz\na,some "quoted" word,c',
    instead: { refused: /line 2 has a quote/ },
    why: "The suite calls it bad too: RFC 4180 has quotes in quoted fields only.",
  },
  { what: "empty-field", input: "foo,bar,baz\na,,c", rows: [top, ["a", "", "c"]] },
  { what: "empty-one-column", input: "foo\n\n", rows: [["foo"], [""]] },
  { what: "header-no-rows", input: "foo,bar,baz", options: header, rows: [top] },
  { what: "header-simple", input: "foo,bar,baz\na,b,c", options: header, rows: [top, ["a", "b", "c"]] },
  { what: "leading-space", input: "foo,bar,baz\na, b,c", rows: [top, ["a", " b", "c"]] },
  { what: "one-column", input: "foo\na", rows: [["foo"], ["a"]] },
  { what: "quotes-empty", input: 'foo,bar,baz\na,"",c', rows: [top, ["a", "", "c"]] },
  { what: "quotes-with-comma", input: 'foo,bar,baz\na,"b, b",c', rows: [top, ["a", "b, b", "c"]] },
  { what: "quotes-with-escaped-quote", input: 'foo,bar,baz\na,"b "" b",c', rows: [top, ["a", 'b " b', "c"]] },
  { what: "quotes-with-newline", input: 'foo,bar,baz\na,"b\nb",c', rows: [top, ["a", "b\nb", "c"]] },
  { what: "quotes-with-space", input: 'foo,bar,baz\na,"b b",c', rows: [top, ["a", "b b", "c"]] },
  { what: "simple-crlf", input: "foo,bar,baz\r\na,b,c\r\n", rows: [top, ["a", "b", "c"]] },
  { what: "simple-lf", input: "foo,bar,baz\na,b,c", rows: [top, ["a", "b", "c"]] },
  { what: "trailing-newline-one-field", input: "foo\na\n", rows: [["foo"], ["a"]] },
  { what: "trailing-newline", input: "foo,bar,baz\na,b,c\n", rows: [top, ["a", "b", "c"]] },
  { what: "trailing-space", input: "foo,bar,baz\na,b ,c", rows: [top, ["a", "b ", "c"]] },
  { what: "utf8", input: "foo,bar,baz\na,😎,c", rows: [top, ["a", "😎", "c"]] },
];
