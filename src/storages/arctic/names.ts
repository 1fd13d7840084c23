import { InvalidNameError } from "../../errors.ts";
import { checkName } from "../../frame/names.ts";

const maxBytes = 254;

/**
 * The symbol for a name: the name itself.
 *
 * @throws InvalidNameError for what the common rule refuses, and for what ArcticDB does: it takes the characters 32 to 126 of
 * ASCII without `*`, `&`, `<` and `>`, at most 254 of them.
 */
export function symbolName(name: string): string {
  checkName(name, { storage: "arctic", maxBytes });
  const wrong = /[^ -~]|[*&<>]/u.exec(name)?.[0];
  if (wrong !== undefined) {
    throw new InvalidNameError(
      `"${name}" can't be the name of an ArcticDB symbol: it has the character ${JSON.stringify(wrong)}.`,
      {
        storage: "arctic",
        frame: name,
        hint: "Use letters without accents, digits, `_`, `-`, `.` and spaces.",
      },
    );
  }
  return name;
}

/** Whether a symbol that another program made has a name that millrace can read. */
export function isSymbolName(name: string): boolean {
  try {
    return symbolName(name) === name;
  } catch {
    return false;
  }
}
