import { randomUUIDv7 } from 'node:crypto';

/** A new row id: UUIDv7 (RFC 9562), so that keys of one table grow with time. */
export const newRowId = (): string => randomUUIDv7();
