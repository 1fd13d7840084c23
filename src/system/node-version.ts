import { createRequire } from "node:module";
import { UnavailableError } from "../errors.ts";

const neededMajor = 24;

/**
 * What keeps millrace from running here, in one sentence, or `null`. Imported first by the public door, so that
 * an older Node or a missing native part never shows as "Cannot find module".
 */
export function whatIsMissing(
  version = process.versions.node,
  loadPolars: () => void = () => createRequire(import.meta.url)("nodejs-polars"),
): { message: string; cause?: unknown } | null {
  if (Number.parseInt(version, 10) < neededMajor) {
    return {
      message:
        `millrace needs Node ${neededMajor} or newer; this is Node ${version}. ` +
        `Install Node ${neededMajor} (https://nodejs.org) and install the packages again under it.`,
    };
  }
  try {
    loadPolars();
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    return {
      message:
        `The native part of nodejs-polars for ${platform} is not installed. Run \`npm install --include=optional\` ` +
        `under Node ${neededMajor}: npm leaves it out with --omit=optional, and without a word under an older Node.`,
      cause,
    };
  }
  return null;
}

const missing = whatIsMissing();
if (missing) {
  throw new UnavailableError(missing.message, { code: "DEPENDENCY_MISSING", cause: missing.cause });
}
