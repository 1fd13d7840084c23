/** What may be refused, by storage and case. All else has to be exact; and what stands here has to be refused, with that reason. */
export const refusals: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  csv: {
    "`string`: a NUL character": /Row 1 .*column "value".*NUL/,
  },
  postgres: {
    "`string`: a NUL character": /Column "value", row 1,.*NUL/,
    "`datetime[ns]`: finer than a microsecond": /Column "value", row 1,.*microsecond/,
    "`datetime[ns, Asia/Kathmandu]`: finer than a microsecond": /Column "value", row 1,.*microsecond/,
    "`time`: finer than a microsecond": /Column "value", row 1,.*microsecond/,
    "`duration[ns]`: finer than a microsecond": /Column "value", row 1,.*microsecond/,
    "1,000 columns of texts of 40 bytes": /row is too big: size \d+, maximum size 8160/,
    "names of 64 bytes": /column name "n+".*64 bytes/,
  },
};
