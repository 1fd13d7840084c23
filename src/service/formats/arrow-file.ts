/**
 * The messages of the dictionaries and the batches in an Arrow file, in the order that a stream has them: the dictionaries first. A file ends
 * with its footer, the footer's length in four bytes, and `ARROW1`; the footer's third and fourth field list where the messages are.
 */
export function messagesOf(file: Buffer): Buffer[] {
  const length = file.readInt32LE(file.length - 10);
  const footer = tableAt(file, file.length - 10 - length);
  const blocks = [...blocksOf(file, footer, 2), ...blocksOf(file, footer, 3)];
  return blocks.map(({ from, to }) => file.subarray(from, to));
}

/** A table of a flatbuffer: where it is, and where the places of its fields are listed. */
interface Table {
  readonly at: number;
  readonly fields: number;
}

function tableAt(file: Buffer, start: number): Table {
  const at = start + file.readUInt32LE(start);
  return { at, fields: at - file.readInt32LE(at) };
}

/**
 * A list of blocks, each of 24 bytes:
 *
 *      0: where the message begins
 *      8: length of its metadata, with the eight bytes in front of it; four bytes of nothing
 *     16: length of its body
 */
function blocksOf(file: Buffer, { at, fields }: Table, field: number): { from: number; to: number }[] {
  const entry = 4 + 2 * field;
  const place = file.readUInt16LE(fields) > entry ? file.readUInt16LE(fields + entry) : 0;
  if (place === 0) return [];
  const list = at + place + file.readUInt32LE(at + place);
  return Array.from({ length: file.readUInt32LE(list) }, (_, i) => {
    const block = list + 4 + 24 * i;
    const from = Number(file.readBigInt64LE(block));
    return { from, to: from + file.readInt32LE(block + 8) + Number(file.readBigInt64LE(block + 16)) };
  });
}
