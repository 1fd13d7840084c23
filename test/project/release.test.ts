import { expect, test } from "vitest";
import { releaseFaults } from "../../scripts/release/rules.ts";

const good = {
  version: "0.2.0",
  repository: { url: "git+https://example.org/millrace.git" },
  changes: "# Changelog\n\n## 0.2.0, 2026-12-01\n\nText.\n\n## 0.1.0, 2026-11-01\n",
  uncommitted: "",
  tags: ["v0.1.0"],
};

test("a version whose changes are dated, in a clean checkout, may be published", () => {
  expect(releaseFaults(good)).toEqual([]);
});

test.each([
  [{ version: "0.2" }, "no semantic version"],
  [{ changes: "## 0.2.0, unreleased\n" }, 'begins with "0.2.0, unreleased"'],
  [{ changes: "## 0.1.0, 2026-11-01\n" }, 'begins with "0.1.0'],
  [{ repository: undefined }, 'no "repository"'],
  [{ uncommitted: " M README.md\n" }, "not committed"],
  [{ tags: ["v0.2.0"] }, "is there already"],
])("%o may not", (change, reason) => {
  expect(releaseFaults({ ...good, ...change }).join(" ")).toContain(reason);
});
