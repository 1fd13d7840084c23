import type { TimeUnit } from "../../frame/types.ts";
import { fractionDigits } from "./datetime.ts";
import type { DigitProof } from "./digits.ts";
import { byteClass } from "./records.ts";
import { lastTime, numberShape, shape, shapeOf, timeShapeOf } from "./shapes.ts";
import { overwriteDate, overwriteTime } from "./times.ts";

/** What is done with the texts of a column while records are cut. */
export type ScanTask =
  /** Nothing: it is text, or not asked for. */
  | { kind: "pass" }
  /** Its shapes are gathered. `proves`: numbers of many digits are handed to the proof. */
  | { kind: "look"; proves: boolean }
  /** As `look`, in a hurry: polars will parse the number, and refuse any that is none. */
  | { kind: "number"; type: "int64" | "float64" }
  /** Its shapes are gathered, and each time is written over by the whole number that it is. */
  | { kind: "overwrite"; unit: TimeUnit | "day" };

const number = shape.int | shape.longInt | shape.decimal | shape.long;
const proven = shape.longInt | shape.long;
const time = shape.date | shape.wall | shape.instant;

const quickClasses = {
  int64: byteClass.digit | byteClass.minus,
  float64: byteClass.digit | byteClass.minus | byteClass.point,
};

/**
 * Whether a text of digits, points and minus signs is a number without zeros in front and with at most 15 digits, provided that it is a
 * number: polars refuses `1.2.3` and `1-2`, but would take `01`, `-.5` and `5.`.
 */
function isPlainNumber(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] === 0x2d ? start + 1 : start;
  const digit = bytes[first] as number;
  const last = bytes[end - 1] as number;
  if (end - start > 15 || digit < 0x30 || digit > 0x39 || last < 0x30 || last > 0x39) return false;
  return digit !== 0x30 || (first === start && first + 1 === end) || bytes[first + 1] === 0x2e;
}

/** One column while its records are cut: what shapes its texts have. */
export class ColumnScan {
  /** The shapes of all values so far, as bits of `shape`. */
  seen = 0;
  /** Most digits of a second's fraction so far. */
  digits = 0;
  /** Whether `take` has to be called. */
  readonly looks: boolean;
  readonly #index: number;
  readonly #task: ScanTask;
  readonly #point: number;
  readonly #proves: boolean;
  readonly #proof: DigitProof;
  /** Digits of a fraction that a time is written with; -1 for none. */
  readonly #unitDigits: number;
  readonly #cramped: number;
  /** Classes of the bytes of a number that is looked at in a hurry; 0 for none. */
  readonly #quick: number;
  #last = 0;

  constructor(index: number, task: ScanTask, point: number, proof: DigitProof) {
    this.#index = index;
    this.#task = task;
    this.#point = point;
    this.#proof = proof;
    this.#proves = task.kind === "look" ? task.proves : task.kind === "number" && task.type === "float64";
    this.#quick = task.kind === "number" && point === 0x2e ? quickClasses[task.type] : 0;
    this.looks = task.kind !== "pass";
    this.#cramped = task.kind === "overwrite" ? crampedIn(task.unit) : 0;
    this.#unitDigits = task.kind === "overwrite" && task.unit !== "day" ? fractionDigits[task.unit] : -1;
  }

  /**
   * Takes the next text. It stays as it is, except for what the task says, and a decimal comma, which becomes a point.
   *
   * @param classes what bytes it has, as bits of `byteClass`.
   */
  take(bytes: Buffer, start: number, end: number, classes: number): void {
    if (start === end) {
      this.seen |= classes === byteClass.quoted ? shape.text : shape.empty;
      return;
    }
    if (this.#quick !== 0 && (classes & ~this.#quick) === 0 && isPlainNumber(bytes, start, end)) {
      this.seen |= (classes & byteClass.point) === 0 ? shape.int : shape.decimal;
      return;
    }
    // A column that is text stays text.
    if ((this.seen & shape.text) !== 0) return;
    const found = this.#shapeOf(bytes, start, end);
    this.seen |= found;
    this.#last = found;
    if ((found & number) !== 0) this.#takeNumber(bytes, start, end, found);
    else if ((found & time) !== 0) this.#takeTime(bytes, start, end, found);
  }

  /** Values of a column are alike: what the last one was is tried first. */
  #shapeOf(bytes: Buffer, start: number, end: number): number {
    if ((this.#last & number) !== 0) {
      const found = numberShape(bytes, start, end, this.#point);
      if (found !== shape.text) return found;
    } else if ((this.#last & time) !== 0) {
      const found = timeShapeOf(bytes, start, end);
      if (found !== shape.text) return found;
    }
    return shapeOf(bytes, start, end, this.#point);
  }

  #takeNumber(bytes: Buffer, start: number, end: number, found: number): void {
    if (this.#point !== 0x2e && (found & (shape.decimal | shape.long)) !== 0) {
      const comma = bytes.indexOf(this.#point, start);
      if (comma >= 0 && comma < end) bytes[comma] = 0x2e;
    }
    if ((found & proven) !== 0 && this.#proves) this.#proof.add(this.#index, bytes, start, end);
  }

  #takeTime(bytes: Buffer, start: number, end: number, found: number): void {
    const { digits } = lastTime;
    if (digits > this.digits) this.digits = digits;
    if (this.#task.kind !== "overwrite") return;
    if (this.#unitDigits < 0) {
      // A time among dates makes another plan; its text is not needed any more.
      if ((found & shape.date) !== 0) overwriteDate(bytes, start, end, lastTime);
    } else if (digits > this.#unitDigits) this.seen |= shape.finer;
    else if ((found & this.#cramped) === 0 && (found & shape.date) === 0)
      overwriteTime(bytes, start, end, lastTime, this.#unitDigits);
  }
}

function crampedIn(unit: TimeUnit | "day"): number {
  return unit === "us" ? shape.crampedUs : unit === "ns" ? shape.crampedNs : 0;
}
