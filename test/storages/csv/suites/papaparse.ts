import type { SuiteCase } from "./case.ts";

const misplaced =
  "A quote in a field without quotes has two readings: a sign of the text, or a field that was meant to be quoted. `quote: null` tells.";
const unclosed = "What follows an open quote may be one field or many rows.";
const ragged = "Rows of other lengths than the header are refused, unless `raggedRows` says what to do with them.";
const blank = "In a file of several columns a blank line is no row.";
const dropped = { refused: /is empty/ };

/**
 * What the parser tests of PapaParse 5.7 (MIT, Matthew Holt) ask, with options mapped to those of csv. Left out: what is about its own
 * API (callbacks, workers, downloads, streams, `transform`, `dynamicTyping` by column, `unparse`) and separators of several characters,
 * which csv does not have.
 */
export const papaparse: SuiteCase[] = [
  { what: "one row", input: "A,b,c", rows: [["A", "b", "c"]] },
  {
    what: "three rows",
    input: "A,b,c\nd,E,f\nG,h,i",
    rows: [
      ["A", "b", "c"],
      ["d", "E", "f"],
      ["G", "h", "i"],
    ],
  },
  {
    what: "blanks and tabs at a field's edges",
    input: "a,\tb ,c",
    options: { separator: "," },
    rows: [["a", "\tb ", "c"]],
  },
  { what: "a quoted field", input: 'A,"B",C', rows: [["A", "B", "C"]] },
  { what: "blanks within quotes", input: 'A," B  ",C', rows: [["A", " B  ", "C"]] },
  { what: "a separator within quotes", input: 'A,"B,B",C', rows: [["A", "B,B", "C"]] },
  { what: "a line feed within quotes", input: 'A,"B\nB",C', rows: [["A", "B\nB", "C"]] },
  { what: "several line feeds within quotes", input: 'A,"B\nB","C\nC\nC"', rows: [["A", "B\nB", "C\nC\nC"]] },
  { what: "CRLF within quotes", input: 'A,"B\r\nB",C', rows: [["A", "B\r\nB", "C"]] },
  { what: "a carriage return within quotes", input: 'A,"B\rB",C', rows: [["A", "B\rB", "C"]] },
  {
    what: "separator and line feed within the last field",
    input: 'a,b,"c,c\nc"\nd,e,f',
    rows: [
      ["a", "b", "c,c\nc"],
      ["d", "e", "f"],
    ],
  },
  { what: "quotes within quotes", input: 'A,"B""B""B",C', rows: [["A", 'B"B"B', "C"]] },
  { what: "quotes at the edges within quotes", input: 'A,"""B""",C', rows: [["A", '"B"', "C"]] },
  { what: "quotes around a separator", input: 'A,""",""",C', rows: [["A", '","', "C"]] },
  { what: "quotes behind a separator", input: 'A,",""",C', rows: [["A", ',"', "C"]] },
  { what: "quotes before a separator", input: 'A,""",",C', rows: [["A", '",', "C"]] },
  {
    what: "five quotes in a row",
    input: '"1","cnonce="""",nc=""""","2"',
    rows: [["1", 'cnonce="",nc=""', "2"]],
  },
  {
    what: "a quote at the end of a plain field",
    input: 'A,B",C',
    rows: [["A", 'B"', "C"]],
    instead: { refused: /line 1 has a quote/ },
    why: misplaced,
  },
  {
    what: "the same, said to mean nothing",
    input: 'A,B",C\nD,E",F',
    options: { quote: null },
    rows: [
      ["A", 'B"', "C"],
      ["D", 'E"', "F"],
    ],
  },
  {
    what: "blanks around quotes",
    input: 'A, "B" ,C',
    rows: [["A", ' "B" ', "C"]],
    instead: { refused: /line 1 has a quote/ },
    why: misplaced,
  },
  {
    what: "quotes in the middle of a plain field",
    input: 'A,B "B",C',
    rows: [["A", 'B "B"', "C"]],
    instead: { refused: /line 1 has a quote/ },
    why: misplaced,
  },
  {
    what: "blanks behind the closing quote",
    input: 'A,"B" ,C,D\r\nE,F,"G"  ,H',
    rows: [
      ["A", "B", "C", "D"],
      ["E", "F", "G", "H"],
    ],
    instead: { refused: /line 1 has text after the quote/ },
    why: "Whether those blanks are text is not known.",
  },
  {
    what: "a quote that is never closed",
    input: 'a,"b,c\nd,e,f',
    instead: { refused: /never closed/ },
    why: unclosed,
  },
  {
    what: "text behind a closing quote",
    input: 'a,"b"c,d\ne,f,g',
    instead: { refused: /text after the quote/ },
    why: unclosed,
  },
  {
    what: "a closing quote within a field",
    input: '"a,"b,c"\nd,e,f',
    rows: [['a,"b,c'], ["d", "e", "f"]],
    instead: { refused: /text after the quote/ },
    why: misplaced,
  },
  {
    what: "quotes that close before a separator, a line feed and the end",
    input: 'a,"b","c"\nd,e,"f"',
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  { what: "separators and line feeds up to the last quote", input: 'a,"b,c\nd,e,f"', rows: [["a", "b,c\nd,e,f"]] },
  {
    what: "a line that begins with a quote",
    input: 'a,b,c\n"d",e,f',
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "lines that begin with nothing",
    input: 'a,b,c\n,e,f\n,"h","i"\n,"k","l"',
    rows: [
      ["a", "b", "c"],
      ["", "e", "f"],
      ["", "h", "i"],
      ["", "k", "l"],
    ],
  },
  {
    what: "the first line begins with nothing",
    input: ',b,c\n"d",e,f',
    rows: [
      ["", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "quotes within the last field of a line",
    input: 'a,b,"c""c"""\nd,e,f',
    rows: [
      ["a", "b", 'c"c"'],
      ["d", "e", "f"],
    ],
  },
  {
    what: "empty quotes at the end",
    input: 'a,b,""\na,b,""',
    rows: [
      ["a", "b", ""],
      ["a", "b", ""],
    ],
  },
  {
    what: "several empty fields in a row",
    input: "a,b,,,c,d\n,,e,,,f",
    rows: [
      ["a", "b", "", "", "c", "d"],
      ["", "", "e", "", "", "f"],
    ],
  },
  {
    what: "nothing at all",
    input: "",
    rows: [],
    instead: dropped,
    why: "A frame needs a column, so an empty file is none.",
  },
  { what: "only a separator", input: ",", rows: [["", ""]] },
  {
    what: "only separators, not as many in each line",
    input: ",,\n,,,",
    rows: [
      ["", "", ""],
      ["", "", "", ""],
    ],
    instead: { refused: /line 2 has 4 fields/ },
    why: ragged,
  },
  { what: "one field", input: "Abc def", rows: [["Abc def"]] },
  { what: "a comment in front", input: "# Comment!\na,b,c", options: { comment: "#" }, rows: [["a", "b", "c"]] },
  {
    what: "a comment between",
    input: "a,b,c\n# Comment\nd,e,f",
    options: { comment: "#" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "a comment at the end",
    input: "a,true,false\n# Comment",
    options: { comment: "#" },
    rows: [["a", "true", "false"]],
  },
  {
    what: "two comments in a row",
    input: "a,b,c\n#comment1\n#comment2\nd,e,f",
    options: { comment: "#" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "three comments in front",
    input: "#comment1\n#comment2\n#comment3\na,b,c",
    options: { comment: "#" },
    rows: [["a", "b", "c"]],
  },
  {
    what: "nothing but comments",
    input: "#comment1\n#comment2\n#comment3",
    options: { comment: "#" },
    rows: [],
    instead: dropped,
    why: "A frame needs a column, so a file of comments is none.",
  },
  {
    what: "comments with another sign",
    input: "a,b,c\n!Comment goes here\nd,e,f",
    options: { comment: "!" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "comments with a word",
    input: "a,b,c\n=N(Comment)\nd,e,f",
    options: { comment: "=N(" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  { what: "what looks like a comment and is none", input: "#commented line", rows: [["#commented line"]] },
  { what: "lines that begin with a blank", input: "a\n b\nc", rows: [["a"], [" b"], ["c"]] },
  { what: "one column", input: "a\nb\nc\nd\ne", rows: [["a"], ["b"], ["c"], ["d"], ["e"]] },
  {
    what: "one column with empty fields",
    input: "a\nb\n\n\nc\nd\ne\n",
    rows: [["a"], ["b"], [""], [""], ["c"], ["d"], ["e"], [""]],
    instead: { rows: [["a"], ["b"], [""], [""], ["c"], ["d"], ["e"]] },
    why: "A line end at the end of a file ends its last line (RFC 4180), and begins no other.",
  },
  {
    what: "names that stand several times",
    input: "A,A,A,A\n1,2,3,4",
    options: { header: true, onDuplicateColumns: "rename" },
    rows: [
      ["A", "A_1", "A_2", "A_3"],
      ["1", "2", "3", "4"],
    ],
    instead: {
      rows: [
        ["A", "A_2", "A_3", "A_4"],
        ["1", "2", "3", "4"],
      ],
    },
    why: "The second x is x_2.",
  },
  {
    what: "names that stand several times beside one of the new ones",
    input: "c,c,c,c_1\n1,2,3,4",
    options: { header: true, onDuplicateColumns: "rename" },
    rows: [
      ["c", "c_2", "c_3", "c_1"],
      ["1", "2", "3", "4"],
    ],
  },
  {
    what: "lone carriage returns",
    input: "A,b,c\rd,E,f",
    rows: [
      ["A", "b", "c"],
      ["d", "E", "f"],
    ],
  },
  {
    what: "CRLF",
    input: "A,b,c\r\nd,E,f",
    rows: [
      ["A", "b", "c"],
      ["d", "E", "f"],
    ],
  },
  {
    what: "line feeds and one lone carriage return",
    input: "a,b,c\nd,e,f\rg,h,i\n",
    instead: { refused: /line 2 has a carriage return/ },
    why: "It ends a line, or is a sign of the text: a program that writes it has to quote it.",
  },
  {
    what: "a header and a row",
    input: "A,B,C\r\na,b,c",
    options: { header: true },
    rows: [
      ["A", "B", "C"],
      ["a", "b", "c"],
    ],
  },
  { what: "a header alone", input: "A,B,C", options: { header: true }, rows: [["A", "B", "C"]] },
  {
    what: "a row with too few fields",
    input: "A,B,C\r\na,b",
    options: { header: true },
    instead: { refused: /line 2 has 2 fields where the header has 3/ },
    why: ragged,
  },
  {
    what: "the same, filled with nothing",
    input: "A,B,C\r\na,b",
    options: { header: true, raggedRows: "null" },
    rows: [
      ["A", "B", "C"],
      ["a", "b", ""],
    ],
  },
  {
    what: "a row with too many fields",
    input: "A,B,C\r\na,b,c,d,e\r\nf,g,h",
    options: { header: true },
    instead: { refused: /line 2 has 5 fields/ },
    why: ragged,
  },
  {
    what: "a last field of nothing",
    input: "A,B,C\r\na,b,",
    options: { header: true },
    rows: [
      ["A", "B", "C"],
      ["a", "b", ""],
    ],
  },
  {
    what: "tabs",
    input: "a\tb\tc\r\nd\te\tf",
    options: { separator: "\t" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "pipes",
    input: "a|b|c\r\nd|e|f",
    options: { separator: "|" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "the separators of ASCII, 30",
    input: "a\x1eb\x1ec\r\nd\x1ee\x1ef",
    options: { separator: "\x1e" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "the separators of ASCII, 31",
    input: "a\x1fb\x1fc\r\nd\x1fe\x1ff",
    options: { separator: "\x1f" },
    rows: [
      ["a", "b", "c"],
      ["d", "e", "f"],
    ],
  },
  {
    what: "a blank line in front",
    input: "\r\na,b,c\r\nd,e,f",
    rows: [[""], ["a", "b", "c"], ["d", "e", "f"]],
    instead: {
      rows: [
        ["a", "b", "c"],
        ["d", "e", "f"],
      ],
    },
    why: blank,
  },
  {
    what: "a blank line between",
    input: "a,b,c\r\n\r\nd,e,f",
    rows: [["a", "b", "c"], [""], ["d", "e", "f"]],
    instead: {
      rows: [
        ["a", "b", "c"],
        ["d", "e", "f"],
      ],
    },
    why: blank,
  },
  {
    what: "a line with a blank sign between",
    input: "a,b,c\r\n \r\nd,e,f",
    rows: [["a", "b", "c"], [" "], ["d", "e", "f"]],
    instead: { refused: /line 2 has 1 field/ },
    why: ragged,
  },
  {
    what: "lines with nothing but separators",
    input: "a,,c\r\n,,",
    rows: [
      ["a", "", "c"],
      ["", "", ""],
    ],
  },
  {
    what: "the first rows of more",
    input: 'a,b\r\n"d\r\nd",e\r\ng,h',
    options: { limit: 2 },
    rows: [
      ["a", "b"],
      ["d\r\nd", "e"],
    ],
  },
  {
    what: "a separator is found behind ten comments",
    input: `${"#\n".repeat(10)}one;"t;w;o";three\nfour;five;six`,
    options: { comment: "#" },
    rows: [
      ["one", "t;w;o", "three"],
      ["four", "five", "six"],
    ],
  },
  {
    what: "pipes are found among commas",
    input: "one|two,two|three\nfour|five,five|six",
    rows: [
      ["one", "two,two", "three"],
      ["four", "five,five", "six"],
    ],
    instead: { refused: /fall into fields at "," \("one\|two" "two\|three"\) and as well at "\|"/ },
    why: "The comma parts both lines as well; the option `separator` says which it is.",
  },
  {
    what: "semicolons are found where quoted fields have commas",
    input: '"Field1,1,1";Field2;"Field3";Field4;Field5;Field6',
    rows: [["Field1,1,1", "Field2", "Field3", "Field4", "Field5", "Field6"]],
  },
  {
    what: "semicolons are found where later fields have commas and quotes",
    input: 'Field1;Field2;"Field,3,""3,3";Field4;Field5;"Field6,6"',
    rows: [["Field1", "Field2", 'Field,3,"3,3', "Field4", "Field5", "Field6,6"]],
  },
  { what: "single quotes", input: "a,b,'c,d'", options: { quote: "'" }, rows: [["a", "b", "c,d"]] },
  {
    what: "quotes behind a backslash",
    input: 'a,b,"c\\"d\\"f"',
    instead: { refused: /text after the quote/ },
    why: "RFC 4180 doubles a quote; a backslash is a sign of the text.",
  },
  { what: "a backslash is text", input: 'a,b,"c\\d"', rows: [["a", "b", "c\\d"]] },
  {
    what: "a header behind a comment",
    input: "#Comment\na,b\nc,d\n",
    options: { header: true, comment: "#" },
    rows: [
      ["a", "b"],
      ["c", "d"],
    ],
  },
  {
    what: "CRLF in a quoted header of a file with line feeds",
    input: '"a\r\na","b"\n"c","d"\n"e","f"',
    options: { header: true },
    rows: [
      ["a\r\na", "b"],
      ["c", "d"],
      ["e", "f"],
    ],
  },
  {
    what: "a line feed in a quoted header of a file with CRLF",
    input: '"a\na",b\r\nc,d\r\ne,f',
    options: { header: true },
    rows: [
      ["a\na", "b"],
      ["c", "d"],
      ["e", "f"],
    ],
  },
  {
    what: "pipes as quotes",
    input: "|a\na|,b\r\nc,d",
    options: { quote: "|" },
    rows: [
      ["a\na", "b"],
      ["c", "d"],
    ],
  },
  {
    what: "a byte order mark",
    input: "\ufeffA,B\nX,Y",
    rows: [
      ["A", "B"],
      ["X", "Y"],
    ],
  },
];
