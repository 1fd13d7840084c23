// Puts a file or a folder in place, and stops for good at the step that is named, to be killed there.
import { writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { placeFile, placeFolder } from "../../../src/system/place-file.ts";

const [kind, path = "", step] = process.argv.slice(2);
setInterval(() => {}, 1_000);

const hang = async () => {
  writeSync(1, "there\n");
  await new Promise(() => {});
};
const options = { beforePlace: async () => (step === "placing" ? hang() : undefined) };

if (kind === "file") {
  await placeFile(
    path,
    async (staging) => {
      await writeFile(staging, "new, but only ha");
      if (step === "writing") await hang();
    },
    options,
  );
} else {
  await placeFolder(
    path,
    async (staging) => {
      await writeFile(join(staging, "part"), "new, but only ha");
      if (step === "writing") await hang();
    },
    options,
  );
}
