import type { Random } from "./random.ts";

const parts = [
  ..."a x prices .. . ... ~ / // \\ : * ? \" ' < > | & ; % $HOME `id` -- # @ = + , ( ) [ ] { }".split(" "),
  ...[
    "../",
    "..\\",
    "/../",
    "./",
    "/",
    "//",
    "\\\\host\\share\\",
    "C:\\",
    "C:",
    "file://",
    "~/",
    "/etc/passwd",
    "/tmp/x",
  ],
  ...["%2e%2e%2f", "%2e", "%00", "%2F", "%5c", "%c0%af", "..%252f", "%n", "%s", "\0", "\u0000.csv", "x\0.csv"],
  ...["\n", "\r\n", "\t", "\u001b[31m", "\u0007", "\u007f", "\u0085", "\u2028", "\u200b", "\u202e", "\ufeff", "\u00ad"],
  ...[
    "\u2024\u2024\u2215",
    "\uff0e\uff0e\uff0f",
    "\u2025/",
    "\u2044",
    "\u2216",
    "\uff3c",
    "\u29f8",
    "\u0430",
    "\u212a",
    "\u0131",
    "\u00df",
  ],
  ...[
    "e\u0301",
    "\u00e9",
    "\ud83d\ude80",
    "\ud800",
    "\udc00",
    "\u{e0041}",
    "\u0300\u0301\u0302",
    "\u65e5\u672c",
    "\u0627\u0644",
  ],
  ...["CON", "con", "NUL.csv", "nul", "AUX", "COM1", "LPT9.txt", "PRN ", "COM\u00b9", "CLOCK$"],
  ...[
    ".millrace",
    ".millrace/x",
    "backups",
    "backups/x",
    "arctic",
    "arctic/x",
    ".locks",
    ".x.staging",
    ".hidden",
    "x.",
  ],
  ...[
    " ",
    "  x",
    "x ",
    "\u00a0x",
    "-rf",
    "--help",
    "-",
    "$(reboot)",
    "|ls",
    "{{7*7}}",
    "$" + "{x}",
    "__proto__",
    "constructor",
  ],
  ...[
    '"; DROP TABLE x; --',
    "'; DROP TABLE x; --",
    "x'||'y",
    "public.x",
    "pg_catalog.pg_class",
    "information_schema.tables",
  ],
  ...[
    "millrace.frames",
    "a.b.c",
    "..x",
    "pg_temp.x",
    '"x"',
    "millrace_prove_0",
    "x.csv",
    "x.CSV",
    ".csv",
    "x.csv.gz",
    "x.tsv",
    "x.csv.zst",
  ],
  ...["link", "link/x", "link/../x", "file-link", "file-link.csv", "link/x.csv", "sub/link/x", "sub/x", "sub/../../x"],
] as const;

/** A name that somebody hostile, or something careless, could give. */
export function hostileName(random: Random): string {
  const length = 1 + random.below(4);
  let name = "";
  for (let count = 0; count < length; count++) name += random.pick(parts);
  const twist = random.below(20);
  if (twist === 0) return name.repeat(1 + random.below(80));
  if (twist === 1) return name.toUpperCase();
  if (twist === 2) return encodeURI(name.toWellFormed());
  if (twist === 3) return name.normalize("NFD");
  if (twist === 4)
    return String.fromCharCode(...Array.from({ length: 1 + random.below(12) }, () => random.below(0x10000)));
  return name;
}
