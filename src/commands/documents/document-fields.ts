import type { Document } from '../../entities/documents/document.js';
import { readDb } from '../../entities/read-db.js';
import { JSON_MAX_BYTES, TITLE_MAX_LENGTH } from '../../limits.js';
import { faultsOfFormData } from '../../workflows/form-data.js';
import type { FormTemplate } from '../../workflows/template-file.js';
import { check, checkText, requireSound, type Finding } from '../input.js';
import type { TransactionContext } from '../transaction.js';

interface GivenFields {
  readonly title?: string | null;
  readonly data?: unknown;
}

/** What is wrong with the fields by themselves, before any row is read. */
export function checkDocument({ title, data }: GivenFields): Finding[] {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  return [
    checkText('title', title, TITLE_MAX_LENGTH),
    check('data', data === undefined || isObject, 'an object'),
    check(
      'data',
      !isObject || Buffer.byteLength(JSON.stringify(data)) <= JSON_MAX_BYTES,
      `at most ${JSON_MAX_BYTES} bytes`,
    ),
  ];
}

/** Holds what was filled in to the form. @throws BAD_USER_INPUT for an unknown form or for data it does not take */
export async function requireFormData(tx: TransactionContext, formKey: string, data: unknown): Promise<void> {
  const row = await readDb(tx.em)
    .selectFrom('form_template')
    .select('definition')
    .where('key', '=', formKey)
    .executeTakeFirst();
  if (!row) return requireSound({ path: 'formKey', rule: 'the key of a form' });
  const { schema } = row.definition as unknown as FormTemplate;
  requireSound(...faultsOfFormData(schema, data));
}

/** Puts the given fields into the document; call it only with checked ones. */
export function setDocumentFields(document: Document, { title, data }: GivenFields): void {
  if (typeof title === 'string') document.title = title.trim();
  if (data !== undefined) document.data = data as Record<string, unknown>;
}
