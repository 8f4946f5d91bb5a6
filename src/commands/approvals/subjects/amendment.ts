import { z } from 'zod';
import { parseWith } from '../../../workflows/duration.js';

/** A number as text, as clients write decimals. */
export const decimal = z
  .string()
  .regex(/^\d{1,16}(\.\d{1,6})?$/, 'a decimal number as text, such as "1200.50"');

export const day = z.iso.date({ error: 'a day is written YYYY-MM-DD' });

/** The amendment, checked for its shape; what it names beyond the schema is refused. @throws BAD_USER_INPUT */
export const parseAmendment = <T>(schema: z.ZodType<T>, changes: unknown): T =>
  parseWith(schema, 'changes', changes);
