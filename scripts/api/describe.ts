import ts from "typescript-6";
import type { ApiEntry, ApiMember } from "./entry.ts";

const format = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;
const printer = ts.createPrinter({ removeComments: true });

/** An export as the reference shows it: its signature, its docstring and its members. */
export function describeExport(exported: ts.Symbol, checker: ts.TypeChecker): ApiEntry {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const declaration = symbol.declarations?.[0];
  const { name } = exported;
  if (!declaration) throw new Error(`${name} has no declaration.`);
  const [, from] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(declaration.getSourceFile().fileName) ?? [];
  if (from) return { name, kind: kindOf(declaration), signature: name, text: "", members: [], from };
  return {
    name,
    kind: kindOf(declaration),
    signature: signatureOf(name, symbol, declaration, checker),
    text: textOf(symbol, checker),
    members: membersOf(symbol, declaration, checker),
  };
}

function kindOf(declaration: ts.Declaration): ApiEntry["kind"] {
  if (ts.isClassDeclaration(declaration)) return "class";
  if (ts.isFunctionDeclaration(declaration)) return "function";
  if (ts.isInterfaceDeclaration(declaration)) return "interface";
  return ts.isTypeAliasDeclaration(declaration) ? "type" : "value";
}

function signatureOf(name: string, symbol: ts.Symbol, declaration: ts.Declaration, checker: ts.TypeChecker): string {
  if (ts.isTypeAliasDeclaration(declaration)) {
    const isObject = hasMembers(declaration.type);
    return `type ${name}${parameters(declaration)}${isObject ? "" : ` = ${code(declaration.type)}`}`;
  }
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const words = ts.isInterfaceDeclaration(declaration)
      ? "interface"
      : `${isAbstract(declaration) ? "abstract " : ""}class`;
    const bases = declaration.heritageClauses?.map((clause) => ` ${code(clause)}`.replace(/ +/g, " ")).join("") ?? "";
    return `${words} ${name}${parameters(declaration)}${bases}`;
  }
  const type = checker.getTypeOfSymbol(symbol);
  const calls = type.getCallSignatures();
  if (calls.length === 0) return `const ${name}: ${checker.typeToString(type, declaration)}`;
  return calls.map((call) => `function ${name}${checker.signatureToString(call, declaration, format)}`).join("\n");
}

function isAbstract(declaration: ts.ClassDeclaration): boolean {
  return declaration.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) ?? false;
}

function parameters(declaration: { typeParameters?: ts.NodeArray<ts.TypeParameterDeclaration> | undefined }): string {
  return declaration.typeParameters ? `<${declaration.typeParameters.map(code).join(", ")}>` : "";
}

/** The members that a user may touch, inherited ones included, those of the errors left out. */
function membersOf(symbol: ts.Symbol, declaration: ts.Declaration, checker: ts.TypeChecker): ApiMember[] {
  const holds =
    ts.isClassDeclaration(declaration) ||
    ts.isInterfaceDeclaration(declaration) ||
    (ts.isTypeAliasDeclaration(declaration) && hasMembers(declaration.type));
  if (!holds) return [];
  const own = checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .filter((member) => isForUsers(member, declaration) && !isInheritedError(member, declaration));
  const members = own.flatMap((member) => describeMember(member, checker));
  return [...constructorsOf(symbol, declaration, checker), ...members];
}

function hasMembers(type: ts.TypeNode): boolean {
  return ts.isTypeLiteralNode(type) || ts.isIntersectionTypeNode(type);
}

/** What every error has stands with `MillraceError`. */
function isInheritedError({ declarations = [] }: ts.Symbol, of: ts.Declaration): boolean {
  const [declaration] = declarations;
  const file = declaration?.getSourceFile().fileName.endsWith("/src/errors.ts");
  return file === true && ts.isClassDeclaration(of) && declaration?.parent !== of;
}

/** Those of an abstract class include what is protected: it is made to be extended. */
function isForUsers({ name, declarations = [] }: ts.Symbol, of: ts.Declaration): boolean {
  const [declaration] = declarations;
  if (!declaration || declaration.getSourceFile().fileName.includes("/node_modules/") || name.includes("#"))
    return false;
  if (ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === "internal")) return false;
  const isBase = ts.isClassDeclaration(of) && isAbstract(of);
  const hidden = ts.ModifierFlags.Private | (isBase ? 0 : ts.ModifierFlags.Protected);
  return !(ts.getCombinedModifierFlags(declaration) & hidden);
}

/** Those with a docstring; the others are for the storage, or the error, that calls them. */
function constructorsOf(symbol: ts.Symbol, declaration: ts.Declaration, checker: ts.TypeChecker): ApiMember[] {
  if (!ts.isClassDeclaration(declaration) || isAbstract(declaration)) return [];
  return checker
    .getTypeOfSymbol(symbol)
    .getConstructSignatures()
    .filter((signature) => signature.getDocumentationComment(checker).length + signature.getJsDocTags().length > 0)
    .map((signature) => {
      const made = checker.signatureToString(signature, declaration, format).replace(/: [^:)]*$/, "");
      const text = ts.displayPartsToString(signature.getDocumentationComment(checker));
      return {
        name: "constructor",
        signature: `new ${symbol.name}${made}`,
        text: withTags(text, signature.getJsDocTags()),
      };
    });
}

function describeMember(member: ts.Symbol, checker: ts.TypeChecker): ApiMember[] {
  const declaration = member.declarations?.[0];
  if (!declaration) return [];
  const name = /^__@(\w+)@/.exec(member.name)?.[1]?.replace(/^/, "Symbol.") ?? member.name;
  const shown = name.startsWith("Symbol.") ? `[${name}]` : /^[\w$]+$/.test(name) ? name : JSON.stringify(name);
  const optional = member.flags & ts.SymbolFlags.Optional ? "?" : "";
  const text = textOf(member, checker);
  const type = checker.getTypeOfSymbol(member);
  const isMethod = ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration);
  if (isMethod) {
    const bare = checker.getNonNullableType(type).getCallSignatures();
    const signature = bare.map((call) => `${shown}${optional}${checker.signatureToString(call, declaration, format)}`);
    return [{ name, signature: signature.join("\n"), text }];
  }
  const written = member.declarations?.length === 1 && (declaration as { type?: ts.TypeNode }).type;
  const resolved = checker.typeToString(optional ? checker.getNonNullableType(type) : type, declaration, format);
  const shownType = written ? code(written) : resolved;
  return [{ name, signature: `${shown}${optional}: ${shownType}`, text }];
}

/** The docstring of a symbol, or of what it implements, with its tags as sentences. */
function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  return withTags(text, symbol.getJsDocTags(checker));
}

const tagWords: Readonly<Record<string, string>> = { throws: "Throws ", default: "Default: ", returns: "Gives " };

function withTags(text: string, tags: readonly ts.JSDocTagInfo[]): string {
  const lines = tags.map(({ name, text: parts }) => {
    const said = ts.displayPartsToString([...(parts ?? [])]).trim();
    if (name === "example") return `\`\`\`ts\n${said}\n\`\`\``;
    if (name === "param") return said.replace(/^(\w+)\s*-?\s*/, "`$1`: ");
    return `${tagWords[name] ?? `${name}: `}${said}`;
  });
  return [text, ...lines].filter(Boolean).join("\n\n");
}

/** A node as text on one line, without comments. */
function code(node: ts.Node): string {
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/\s+/g, " ");
}
