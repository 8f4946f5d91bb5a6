import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';

/** Noto Sans SC (SIL Open Font Licence): 7,947 characters, Latin and Chinese, of which a PDF carries those it uses. */
const FILE = '@fontsource/noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff';

let unpacked: Buffer | null = null;

/** The font as TrueType: a compressed one is inflated anew for each character, which takes seconds a page. */
export const certificateFont = (): Buffer =>
  (unpacked ??= toSfnt(readFileSync(createRequire(import.meta.url).resolve(FILE))));

/** WOFF 1.0 (W3C) to the sfnt that it wraps: the same tables, inflated. */
function toSfnt(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, index) => {
    const entry = 44 + index * 20;
    const packed = woff.subarray(
      woff.readUInt32BE(entry + 4),
      woff.readUInt32BE(entry + 4) + woff.readUInt32BE(entry + 8),
    );
    const length = woff.readUInt32BE(entry + 12);
    return { entry, data: packed.length < length ? inflateSync(packed) : packed };
  });
  const largestPower = 2 ** Math.floor(Math.log2(count));
  const header = Buffer.alloc(12 + count * 16);
  woff.copy(header, 0, 4, 8);
  header.writeUInt16BE(count, 4);
  header.writeUInt16BE(largestPower * 16, 6);
  header.writeUInt16BE(Math.log2(largestPower), 8);
  header.writeUInt16BE((count - largestPower) * 16, 10);
  const parts: Buffer[] = [header];
  let offset = header.length;
  for (const [index, { entry, data }] of tables.entries()) {
    const at = 12 + index * 16;
    woff.copy(header, at, entry, entry + 4);
    woff.copy(header, at + 4, entry + 16, entry + 20);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(data.length, at + 12);
    const padding = (4 - (data.length % 4)) % 4;
    parts.push(data, Buffer.alloc(padding));
    offset += data.length + padding;
  }
  return Buffer.concat(parts);
}
