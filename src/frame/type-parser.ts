import { SchemaError } from "../errors.ts";
import { type ColumnType, plainKinds, type TimeUnit } from "./types.ts";
import { isZoneName } from "./zones.ts";

/** Reads one type's text from left to right; the grammar stands at `parseType`. */
export class TypeParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ColumnType {
    const type = this.#type();
    if (this.#at < this.#text.length) this.#fail("nothing more");
    return type;
  }

  #type(): ColumnType {
    const word = this.#match(/[a-z]+[0-9]*/y, "a type");
    const plain = plainKinds.find((kind) => kind === word);
    if (plain) return { kind: plain };
    switch (word) {
      case "datetime": {
        this.#expect("[");
        const unit = this.#unit();
        const zone = this.#accept(",") ? this.#zone() : null;
        this.#expect("]");
        return { kind: "datetime", unit, zone };
      }
      case "duration": {
        this.#expect("[");
        const unit = this.#unit();
        this.#expect("]");
        return { kind: "duration", unit };
      }
      case "decimal": {
        this.#expect("(");
        const precision = this.#integer();
        this.#expect(",");
        const scale = this.#integer();
        this.#expect(")");
        if (precision < 1 || precision > 38 || scale > precision) {
          this.#fail("a precision from 1 to 38 and a scale up to it");
        }
        return { kind: "decimal", precision, scale };
      }
      case "enum":
        this.#expect("[");
        return {
          kind: "enum",
          categories: this.#distinct(
            "]",
            () => this.#quoted(),
            (category) => category,
          ),
        };
      case "list": {
        this.#expect("[");
        const item = this.#type();
        this.#expect("]");
        return { kind: "list", item };
      }
      case "array": {
        this.#expect("[");
        const item = this.#type();
        this.#expect(",");
        const size = this.#integer();
        this.#expect("]");
        return { kind: "array", item, size };
      }
      case "struct":
        this.#expect("{");
        return {
          kind: "struct",
          fields: this.#distinct(
            "}",
            () => {
              const name = this.#quoted();
              this.#expect(":");
              return { name, type: this.#type() };
            },
            ({ name }) => name,
          ),
        };
      default:
        this.#at -= word.length;
        return this.#fail(
          `a type (${plainKinds.join(", ")}, datetime, duration, decimal, enum, list, array or struct)`,
        );
    }
  }

  #unit(): TimeUnit {
    return this.#match(/ms|us|ns/y, "ms, us or ns") as TimeUnit;
  }

  #zone(): string {
    const zone = this.#match(/[A-Za-z0-9+\-_:/]+/y, "a time zone");
    if (isZoneName(zone)) return zone;
    this.#at -= zone.length;
    return this.#fail("the name of a time zone, such as UTC or Europe/Berlin,");
  }

  #integer(): number {
    return Number(this.#match(/\d{1,9}/y, "a number"));
  }

  #quoted(): string {
    const literal = this.#match(/"(?:[^"\\]|\\.)*"/sy, 'a text in "quotes"');
    try {
      return JSON.parse(literal) as string;
    } catch {
      this.#at -= literal.length;
      return this.#fail("a text as in JSON");
    }
  }

  #until<T>(end: string, part: () => T): T[] {
    const parts: T[] = [];
    if (this.#accept(end)) return parts;
    do parts.push(part());
    while (this.#accept(","));
    this.#expect(end);
    return parts;
  }

  /** Parts of which no two may have the same name. */
  #distinct<T>(end: string, part: () => T, nameOf: (part: T) => string): T[] {
    const parts = this.#until(end, part);
    const names = parts.map(nameOf);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    return twice === undefined
      ? parts
      : this.#fail(`another text than ${JSON.stringify(twice)}, which stands there twice,`);
  }

  #accept(sign: string): boolean {
    this.#skipSpaces();
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    this.#skipSpaces();
    return true;
  }

  #expect(sign: string): void {
    if (!this.#accept(sign)) this.#fail(`"${sign}"`);
  }

  #match(pattern: RegExp, what: string): string {
    this.#skipSpaces();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return this.#fail(what);
    this.#at += found.length;
    return found;
  }

  #skipSpaces(): void {
    while (this.#text[this.#at] === " ") this.#at++;
  }

  #fail(expected: string): never {
    throw new SchemaError(`"${this.#text}" is no column type: expected ${expected} at position ${this.#at + 1}.`, {
      hint: "Write it as in int64, string, datetime[us, UTC], decimal(12, 2) or list[int64].",
    });
  }
}
