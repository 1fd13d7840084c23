import { createRequire } from "node:module";
import { UnavailableError } from "../errors.ts";

const neededMajor = 24;

/**
 * What keeps millrace from running here, in one sentence, or `null`. Imported first by the public door, so that
 * an older Node or a missing native part never shows as "Cannot find module".
 */
function whatIsMissing(
  version = process.versions.node,
  loadPolars: () => void = () => createRequire(import.meta.url)("nodejs-polars"),
): string | null {
  if (Number.parseInt(version, 10) < neededMajor) {
    return (
      `millrace needs Node ${neededMajor} or newer; this is Node ${version}. ` +
      `Install Node ${neededMajor} (https://nodejs.org) and install the packages again under it.`
    );
  }
  try {
    loadPolars();
  } catch (cause) {
    const part = `The native part of nodejs-polars for ${process.platform}-${process.arch}`;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "MODULE_NOT_FOUND") return `${part} does not load: ${message.split("\n", 1)[0]}`;
    return (
      `${part} is not installed. Run \`npm install --include=optional\` ` +
      `under Node ${neededMajor}: npm leaves it out with --omit=optional, and without a word under an older Node.`
    );
  }
  return null;
}

const missing = whatIsMissing();
if (missing) {
  const error = new UnavailableError(missing, { code: "DEPENDENCY_MISSING" });
  // Where it is thrown says nothing, and Node shows every property: the sentence has to stand alone.
  error.stack = `${error.name}: ${missing}`;
  for (const name of Object.keys(error)) Object.defineProperty(error, name, { enumerable: false });
  throw error;
}
