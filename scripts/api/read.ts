import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript-6";
import { describeExport } from "./describe.ts";
import type { ApiDoor, ApiGroup } from "./entry.ts";

/** What the package offers, door by door, as its sources and their docstrings say. Takes some seconds: it type-checks src. */
export function readApi(root: string): ApiDoor[] {
  const doors = doorFiles(root);
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const program = ts.createProgram([...doors.values()], options);
  const checker = program.getTypeChecker();
  return [...doors].map(([name, path]) => {
    const file = program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${relative(root, path)} is no module.`);
    return { name, about: moduleText(file), groups: groupsOf(file, checker.getExportsOfModule(module), checker) };
  });
}

/** The doors of `exports` in package.json, with the source behind each. */
function doorFiles(root: string): Map<string, string> {
  const source = (folder: string) => join(root, "src", folder, "index.ts");
  const storages = readdirSync(join(root, "src/storages"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return new Map([
    ["millrace", source("")],
    ...["testing", "service", "queue"].map((name) => [`millrace/${name}`, source(name)] as const),
    ...storages.map(({ name }) => [`millrace/storages/${name}`, source(join("storages", name))] as const),
  ]);
}

/** The exports under the `//` line that stands above them; without one, all under the empty title. */
function groupsOf(file: ts.SourceFile, exported: ts.Symbol[], checker: ts.TypeChecker): ApiGroup[] {
  const titleOf = new Map<string, string>();
  let title = "";
  for (const statement of file.statements) {
    const comments = ts.getLeadingCommentRanges(file.text, statement.pos) ?? [];
    const line = comments.findLast(({ kind }) => kind === ts.SyntaxKind.SingleLineCommentTrivia);
    if (line) title = file.text.slice(line.pos + 2, line.end).trim();
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const { name } of statement.exportClause.elements) titleOf.set(name.text, title);
    }
  }
  const groups = Map.groupBy(exported, ({ name }) => titleOf.get(name) ?? "");
  const titles = [...new Set(["", ...titleOf.values()])].filter((each) => groups.has(each));
  return titles.map((each) => ({
    title: each,
    entries: (groups.get(each) ?? [])
      .map((symbol) => describeExport(symbol, checker))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }));
}

/** The sentences of the comment with `@module` that opens the file. */
function moduleText(file: ts.SourceFile): string {
  const [, text = ""] = /^\/\*\*([\s\S]*?)@module/.exec(file.text) ?? [];
  return text
    .replace(/^\s*\*? ?/gm, " ")
    .replace(/\s+/g, " ")
    .trim();
}
