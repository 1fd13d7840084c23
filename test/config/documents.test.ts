import { expect, test } from "vitest";
import { documentAsWritten, writtenParts } from "../../scripts/write-docs.ts";

test.each(Object.keys(writtenParts))(
  "docs/%s says what the table in the code says (npm run docs writes it)",
  async (name) => {
    const { is, shouldBe } = await documentAsWritten(name);
    expect(is).toBe(shouldBe);
  },
);
