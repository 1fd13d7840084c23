// Puts a file of so many bytes in place and prints how that failed.
import { writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { MillraceError } from "../../../src/errors.ts";
import { placeFile } from "../../../src/system/place-file.ts";

const [path = "", bytes] = process.argv.slice(2);
const outcome = await placeFile(path, (staging) => writeFile(staging, Buffer.alloc(Number(bytes), "n"))).then(
  () => "placed",
  (error: unknown) => (error instanceof MillraceError ? error.code : String(error)),
);
writeSync(1, `${outcome}\n`);
